// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that neither the library nor its tests build the benchmarks.
let package = Package(
  name: "palimpsest-benchmarks",
  dependencies: [.package(name: "palimpsest", path: "..")],
  targets: [
    .executableTarget(name: "Benchmarks", dependencies: [.product(name: "Palimpsest", package: "palimpsest")]),
    .executableTarget(name: "EngineBenchmark", dependencies: [.product(name: "Palimpsest", package: "palimpsest")]),
  ],
  swiftLanguageModes: [.v6]
)
