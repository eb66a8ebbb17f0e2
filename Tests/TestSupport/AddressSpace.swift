import Glibc
import Testing

/// Lets the process map no more than this beyond what it has mapped already; an allocation beyond it ends the process.
public func limitAddressSpace(beyondPresent byteCount: Int) throws {
  let stream = try #require(fopen("/proc/self/statm", "r"))
  defer { fclose(stream) }
  var text = [CChar](repeating: 0, count: 256)
  try #require(fgets(&text, Int32(text.count), stream) != nil)
  let pages = try #require(
    String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ").first)
  let present = try #require(Int(pages)) * sysconf(Int32(_SC_PAGESIZE))
  let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
  var limit = rlimit()
  try #require(getrlimit(resource, &limit) == 0)
  limit.rlim_cur = rlim_t(present + byteCount)
  try #require(setrlimit(resource, &limit) == 0)
}
