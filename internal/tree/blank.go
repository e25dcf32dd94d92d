package tree

import "bytes"

// TextMax is how many bytes a document may have, wherever it comes from: a source such as /dev/zero never ends.
const TextMax = 256 << 20

// Readable gives a text in UTF-8 without a byte order mark. Offsets in it are not those of the text.
func Readable(text []byte) []byte {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return []byte(Text16(string(text)))
	}
	return bytes.TrimPrefix(text, []byte("\ufeff"))
}

// IsBlank tells whether a text has nothing but a byte order mark and white space.
func IsBlank(text []byte) bool { return len(bytes.TrimSpace(Readable(text))) == 0 }
