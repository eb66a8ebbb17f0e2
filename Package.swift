// swift-tools-version: 6.1
import PackageDescription

// Modules, lowest first; a target depends only on those above it.
let package = Package(
  name: "palimpsest",
  products: [
    .executable(name: "palimpsest", targets: ["palimpsest"]),
    .library(
      name: "Palimpsest",
      targets: [
        "LinearAlgebra", "Unlearning", "FileFormats", "Transformer", "Tokenizers", "Checkpoints", "FineTuning",
        "PostTraining", "StagedLearners", "Theorems", "QuadraticLearners", "Ladder", "Certification", "Falsification",
        "Exhibits",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
  ],
  targets: [
    .systemLibrary(name: "CLapacke", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev", "libopenblas-dev"])]),
    .systemLibrary(name: "CGSL", providers: [.apt(["libgsl-dev"])]),
    .target(name: "LinearAlgebra", dependencies: ["CLapacke", "CGSL"]),
    .target(name: "Unlearning"),
    .target(name: "CKernels"),
    .target(name: "FileFormats", dependencies: ["CKernels"]),
    .target(name: "Transformer", dependencies: ["CKernels", "LinearAlgebra", "Unlearning", "FileFormats"]),
    .target(name: "Tokenizers", dependencies: ["FileFormats"]),
    .target(name: "Checkpoints", dependencies: ["Transformer", "LinearAlgebra", "FileFormats"]),
    .target(
      name: "FineTuning",
      dependencies: [
        "Transformer", "Tokenizers", "Unlearning", "FileFormats", "LinearAlgebra",
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "PostTraining",
      dependencies: [
        "FineTuning", "Checkpoints", "Tokenizers", "Transformer", "Unlearning", "FileFormats", "LinearAlgebra",
      ],
      resources: [.embedInCode("Plans/embedded.yaml")]),
    .target(name: "StagedLearners", dependencies: ["LinearAlgebra", "Unlearning", "FileFormats"]),
    .target(name: "Theorems", dependencies: ["StagedLearners"]),
    .target(name: "Ladder", dependencies: ["StagedLearners", "Transformer", "Unlearning", "LinearAlgebra"]),
    .target(
      name: "QuadraticLearners", dependencies: ["Theorems", "StagedLearners", "Unlearning", "LinearAlgebra", "CGSL"]),
    .target(
      name: "Certification",
      dependencies: ["Theorems", "StagedLearners", "LinearAlgebra", .product(name: "BigInt", package: "BigInt")]),
    .target(
      name: "Falsification",
      dependencies: ["Theorems", "StagedLearners", "LinearAlgebra", "Unlearning", "FileFormats"]),
    .target(
      name: "Exhibits",
      dependencies: [
        "Certification", "Ladder", "QuadraticLearners", "Theorems", "StagedLearners", "PostTraining", "FineTuning",
        "Unlearning", "LinearAlgebra", "FileFormats",
      ],
      resources: [.embedInCode("Resources/render.py")]),
    .executableTarget(
      name: "palimpsest",
      dependencies: [
        "Exhibits", "Certification", "Falsification", "Checkpoints", "FineTuning", "PostTraining",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .target(name: "PropertyTesting", path: "Tests/PropertyTesting"),
    .target(name: "TestSupport", dependencies: ["LinearAlgebra", "Unlearning"], path: "Tests/TestSupport"),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra", "PropertyTesting"]),
    .testTarget(name: "UnlearningTests", dependencies: ["Unlearning", "PropertyTesting"]),
    .testTarget(
      name: "FileFormatsTests", dependencies: ["FileFormats", "CKernels", "PropertyTesting", "TestSupport"]),
    .testTarget(
      name: "TransformerTests", dependencies: ["Transformer", "CKernels", "PropertyTesting"],
      exclude: ["References"]),
    .testTarget(
      name: "TokenizersTests", dependencies: ["Tokenizers", "PropertyTesting", "TestSupport"], exclude: ["References"]),
    .testTarget(
      name: "CheckpointsTests",
      dependencies: ["Checkpoints", "Transformer", "LinearAlgebra", "FileFormats", "PropertyTesting", "TestSupport"]),
    .testTarget(
      name: "FineTuningTests",
      dependencies: [
        "FineTuning", "Checkpoints", "Transformer", "LinearAlgebra", "FileFormats", "PropertyTesting", "TestSupport",
      ],
      exclude: ["References"]),
    .testTarget(
      name: "PostTrainingTests",
      dependencies: [
        "PostTraining", "FineTuning", "Tokenizers", "Transformer", "Unlearning", "FileFormats", "LinearAlgebra",
        "PropertyTesting", "TestSupport",
      ]),
    .testTarget(name: "StagedLearnersTests", dependencies: ["StagedLearners", "PropertyTesting", "TestSupport"]),
    .testTarget(name: "TheoremsTests", dependencies: ["Theorems", "PropertyTesting", "TestSupport"]),
    .testTarget(name: "QuadraticLearnersTests", dependencies: ["QuadraticLearners", "PropertyTesting"]),
    .testTarget(name: "FalsificationTests", dependencies: ["Falsification", "PropertyTesting"]),
    .testTarget(
      name: "LadderTests",
      dependencies: ["Ladder", "StagedLearners", "Transformer", "Unlearning", "LinearAlgebra"]),
    .testTarget(
      name: "CertificationTests",
      dependencies: ["Certification", "PropertyTesting", .product(name: "BigInt", package: "BigInt")]),
    .testTarget(
      name: "ExhibitsTests",
      dependencies: ["Exhibits", "PostTraining", "FineTuning", "Unlearning", "LinearAlgebra", "FileFormats"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "palimpsest", "PostTraining", "Checkpoints", "Transformer", "Tokenizers", "LinearAlgebra", "FileFormats",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
