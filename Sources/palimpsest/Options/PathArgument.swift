import ArgumentParser

/// The path that an argument is. An empty one is refused: it is a variable that was not set, and with a slash and a
/// name after it the folder of the whole system.
func path(_ argument: String) throws -> String {
  guard !argument.isEmpty else { throw ValidationError("the path is empty; \".\" is the folder one is in") }
  guard !argument.utf8.contains(0) else { throw ValidationError("the path contains a NUL character") }
  return argument
}
