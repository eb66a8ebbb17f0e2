// swift-tools-version: 6.1
import PackageDescription

// Modules, lowest first; a target depends only on those above it.
let package = Package(
  name: "palimpsest",
  products: [
    .executable(name: "palimpsest", targets: ["palimpsest"]),
    // The theory alone, in one import: no language model is compiled.
    .library(name: "PalimpsestTheory", targets: ["PalimpsestTheory"]),
    .library(
      name: "Palimpsest",
      targets: [
        "PalimpsestTheory", "FileFormats", "Transformer", "Tokenizers", "Checkpoints", "FineTuning", "PostTraining",
        "Ladder", "Exhibits",
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
    .target(name: "Core", dependencies: ["CGSL"]),
    .target(name: "LinearAlgebra", dependencies: ["Core", "CLapacke", "CGSL"]),
    .target(name: "Unlearning"),
    .target(name: "CKernels"),
    .target(name: "FileFormats", dependencies: ["CKernels"]),
    .target(name: "Transformer", dependencies: ["Core", "Unlearning", "CKernels"]),
    .target(name: "Tokenizers", dependencies: ["FileFormats"]),
    .target(name: "Checkpoints", dependencies: ["Core", "FileFormats", "Transformer"]),
    .target(
      name: "FineTuning",
      dependencies: [
        "Core", "Unlearning", "FileFormats", "Transformer", "Tokenizers", .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "PostTraining",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "FileFormats", "Transformer", "Tokenizers", "Checkpoints", "FineTuning",
      ],
      resources: [.embedInCode("Plans/embedded.yaml")]),
    .target(name: "StagedLearners", dependencies: ["Core", "LinearAlgebra", "Unlearning", "FileFormats"]),
    .target(name: "Theorems", dependencies: ["Core", "LinearAlgebra", "Unlearning", "StagedLearners", "CGSL"]),
    .target(name: "Ladder", dependencies: ["Core", "LinearAlgebra", "Unlearning", "Transformer", "StagedLearners"]),
    .target(
      name: "QuadraticLearners", dependencies: ["Core", "LinearAlgebra", "StagedLearners", "Theorems", "CGSL"]),
    .target(
      name: "Certification",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "StagedLearners", "Theorems",
        .product(name: "BigInt", package: "BigInt"),
      ]),
    .target(
      name: "Falsification",
      dependencies: ["Core", "LinearAlgebra", "Unlearning", "FileFormats", "StagedLearners", "Theorems"]),
    .target(
      name: "Reports",
      dependencies: ["Core", "LinearAlgebra", "FileFormats", "StagedLearners", "Theorems", "Certification"]),
    .target(
      name: "PalimpsestTheory",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "StagedLearners", "Theorems", "QuadraticLearners", "Certification",
        "Falsification", "Reports",
      ]),
    .target(
      name: "Exhibits",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "FileFormats", "Transformer", "FineTuning", "PostTraining",
        "StagedLearners", "Theorems", "Ladder", "QuadraticLearners", "Reports",
      ],
      resources: [.embedInCode("Resources/render.py")]),
    .executableTarget(
      name: "palimpsest",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "FileFormats", "Transformer", "Tokenizers", "Checkpoints", "FineTuning",
        "PostTraining", "StagedLearners", "Theorems", "Certification", "Falsification", "Reports", "Exhibits",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .target(name: "PropertyTesting", path: "Tests/PropertyTesting"),
    .target(
      name: "TestSupport", dependencies: ["LinearAlgebra", "Unlearning", "Transformer"], path: "Tests/TestSupport"),
    .testTarget(
      name: "LinearAlgebraTests",
      dependencies: ["Core", "LinearAlgebra", "StagedLearners", "PropertyTesting", "CLapacke", "CGSL"]),
    .testTarget(name: "UnlearningTests", dependencies: ["Unlearning", "PropertyTesting"]),
    .testTarget(
      name: "FileFormatsTests", dependencies: ["CKernels", "FileFormats", "TestSupport"]),
    .testTarget(
      name: "TransformerTests",
      dependencies: ["Core", "Unlearning", "CKernels", "FileFormats", "Transformer", "PropertyTesting", "TestSupport"],
      exclude: ["References"]),
    .testTarget(
      name: "TokenizersTests", dependencies: ["FileFormats", "Tokenizers", "PropertyTesting", "TestSupport"],
      exclude: ["References"]),
    .testTarget(
      name: "CheckpointsTests",
      dependencies: ["Core", "FileFormats", "Transformer", "Checkpoints", "PropertyTesting", "TestSupport"]),
    .testTarget(
      name: "FineTuningTests",
      dependencies: [
        "Core", "Unlearning", "FileFormats", "Transformer", "Tokenizers", "Checkpoints", "FineTuning",
        "PropertyTesting", "TestSupport",
      ],
      exclude: ["References"]),
    .testTarget(
      name: "PostTrainingTests",
      dependencies: [
        "Core", "Unlearning", "FileFormats", "Transformer", "Tokenizers", "Checkpoints", "FineTuning", "PostTraining",
        "PropertyTesting", "TestSupport",
      ]),
    .testTarget(
      name: "StagedLearnersTests",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "FileFormats", "StagedLearners", "PropertyTesting", "TestSupport",
      ]),
    .testTarget(
      name: "TheoremsTests",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "StagedLearners", "Theorems", "PropertyTesting", "TestSupport",
      ]),
    .testTarget(
      name: "QuadraticLearnersTests",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "StagedLearners", "Theorems", "QuadraticLearners", "PropertyTesting",
      ]),
    .testTarget(
      name: "FalsificationTests",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "StagedLearners", "Theorems", "Falsification", "PropertyTesting",
      ]),
    .testTarget(
      name: "LadderTests",
      dependencies: ["Core", "LinearAlgebra", "Unlearning", "Transformer", "StagedLearners", "Ladder"]),
    .testTarget(
      name: "CertificationTests",
      dependencies: [
        "Core", "LinearAlgebra", "StagedLearners", "Theorems", "Certification", "PropertyTesting",
        .product(name: "BigInt", package: "BigInt"),
      ]),
    .testTarget(name: "ReportsTests", dependencies: ["Theorems", "Reports", "PalimpsestTheory"]),
    .testTarget(
      name: "ExhibitsTests",
      dependencies: [
        "Core", "LinearAlgebra", "Unlearning", "FileFormats", "Transformer", "FineTuning", "PostTraining",
        "StagedLearners", "Theorems", "Exhibits", "TestSupport",
      ]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "Core", "LinearAlgebra", "FileFormats", "Transformer", "Tokenizers", "Checkpoints", "PostTraining",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
