#!/usr/bin/env python3
"""Prints Sources/Tokenizers/Unicode/CanonicalDecompositions.swift from a version of Unicode's UnicodeData.txt.

    Tests/ReferenceValues/canonical_decompositions.py UnicodeData.txt VERSION

Without arguments the data are those of Python's own unicodedata.
"""

import sys
import unicodedata


def from_python():
    for code in range(0x110000):
        yield code, unicodedata.decomposition(chr(code))


def from_file(path):
    with open(path, encoding="ascii") as lines:
        for line in lines:
            fields = line.split(";")
            yield int(fields[0], 16), fields[5]


def main():
    entries = from_file(sys.argv[1]) if len(sys.argv) > 2 else from_python()
    version = sys.argv[2] if len(sys.argv) > 2 else unicodedata.unidata_version
    print("// Printed by Tests/ReferenceValues/canonical_decompositions.py; do not edit.")
    print()
    print(f"/// The canonical decomposition mappings of Unicode {version} (UnicodeData.txt, field 5; Unicode License v3), Hangul")
    print("/// syllables excepted: `whole=first+second` or `whole=first`, in hexadecimal.")
    print('let canonicalDecompositions = """')
    line = " "
    for code, mapping in entries:
        if not mapping or mapping.startswith("<"):
            continue
        entry = f" {code:X}=" + "+".join(f"{int(part, 16):X}" for part in mapping.split())
        if len(line) + len(entry) > 119:
            print(line)
            line = " "
        line += entry
    print(line)
    print('  """')


if __name__ == "__main__":
    main()
