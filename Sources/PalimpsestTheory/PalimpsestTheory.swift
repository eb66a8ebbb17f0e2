// The theory in one import: linear and quadratic learners, the theorems, their certificates, the search for
// counterexamples and the reports, without the language models. (A module of the package's name would differ from the
// command's by a letter's case alone, which not every file system tells apart.)
@_exported import Certification
@_exported import Core
@_exported import Falsification
@_exported import LinearAlgebra
@_exported import QuadraticLearners
@_exported import Reports
@_exported import StagedLearners
@_exported import Theorems
@_exported import Unlearning
