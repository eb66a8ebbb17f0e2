/// The version of Palimpsest, as it stands in the metadata of everything it writes.
public let palimpsestVersion = "0.1.0"
