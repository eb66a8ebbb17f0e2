import CLapacke
import LinearAlgebra
import Testing

@Suite("The BLAS behind the module")
struct BLASLibraryTests {
  /// OpenBLAS starts with a thread for each processor, and the last bits of a product depend on how many it uses.
  @Test func `runs every call on the calling thread`() {
    let square = Matrix(identity: 64)
    #expect(square.times(square) == square)
    #expect(palimpsest_blas_thread_count() == 1)
  }

  @Test func `says its name`() {
    #expect(BLASLibrary.name.hasPrefix(BLASLibrary.isOptimised ? "OpenBLAS" : "reference"))
  }
}
