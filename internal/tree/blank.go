package tree

import "bytes"

// TextMax is how many bytes a text may have that is to be read as a document, wherever it comes from: what never ends
// is none, and memory has an end.
const TextMax = 256 << 20

// Readable gives a text in UTF-8 without a byte order mark: as it is read, not as positions in it count.
func Readable(text []byte) []byte {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return []byte(Text16(string(text)))
	}
	return bytes.TrimPrefix(text, []byte("\ufeff"))
}

// IsBlank tells whether a text says nothing: it has no bytes, or a byte order mark and white space alone.
func IsBlank(text []byte) bool { return len(bytes.TrimSpace(Readable(text))) == 0 }
