import Glibc

/// Runs a shell command; its output has both streams.
public func run(_ command: String) -> (status: Int32, output: String) {
  guard let stream = popen("{ \(command)\n} 2>&1", "r") else { return (-1, "popen failed") }
  var output: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = fread(&buffer, 1, buffer.count, stream)
    if count == 0 { break }
    output.append(contentsOf: buffer[..<count])
  }
  let status = pclose(stream)
  return (status & 0x7F == 0 ? status >> 8 & 0xFF : -1, String(decoding: output, as: UTF8.self))
}
