import FileFormats
import Glibc
import TestSupport
import Testing

/// Whether Python with the safetensors package is here to compare with.
let hasPythonSafetensors = run("python3 -c 'import safetensors.numpy, numpy'").status == 0

/// Whether the Frictionless validator is here to compare with.
let hasFrictionless = run("frictionless --version").status == 0

/// Whether a small file system can be mounted, which takes root and a kernel that allows it.
let canMount =
  run(
    "d=$(mktemp -d) && mount -t tmpfs -o size=1m none $d && umount $d; s=$?; rmdir $d; exit $s"
  ).status == 0

/// A safetensors file from its parts, valid or not.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.utf8.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + data
}
