import CGSL
import CLapacke

/// The BLAS behind this module, and the settings that make its results reproducible.
public enum BLASLibrary {
  /// Makes every BLAS call run on the calling thread, once and before any product; it may be called any number of
  /// times. Parallel products split their work into fixed blocks (`Workers`) instead, because OpenBLAS's own threads
  /// change the last bits with their number.
  public static func useOneThreadPerCall() { _ = prepared }

  private static let prepared: Void = {
    palimpsest_blas_use_one_thread()
    // GSL's default handler aborts the process; arguments are checked here before GSL sees them.
    gsl_set_error_handler_off()
  }()

  /// Name, version and kernel of the library found at run time, for the metadata of results,
  /// for example `OpenBLAS 0.3.21 ... SkylakeX`.
  public static let name: String = {
    useOneThreadPerCall()
    guard palimpsest_blas_is_openblas() != 0 else { return "reference BLAS" }
    return String(cString: palimpsest_blas_config()).split(separator: " ").joined(separator: " ")
  }()

  /// Whether the fast library was found; the reference BLAS is right but some twenty times slower.
  public static var isOptimised: Bool { palimpsest_blas_is_openblas() != 0 }
}
