package butane

import "encoding/base64"

// A Zipper compresses a text in the format of gzip. Where settles says that the size of a result already decides
// whether compressing is worth it, any way of compressing will do. The bytes are valid until the next call.
type Zipper interface {
	Zip(text string, settles func(size int) bool) []byte
}

// A urlMaker makes data: URLs.
type urlMaker struct {
	base64 bool   // in base64, if that is shorter
	zipper Zipper // nil for none
}

// DataURL makes the shortest data: URL of a text, in gzip if there is a zipper and it is shorter; compression says so.
func DataURL(text string, z Zipper) (url, compression string) {
	return (&urlMaker{base64: true, zipper: z}).url(text, z != nil)
}

// url makes the shortest data: URL, compressed if mayZip and if that is shorter.
func (m *urlMaker) url(text string, mayZip bool) (url, compression string) {
	percent := escapedLen(text)
	if !m.base64 {
		return "data:," + escape(text, percent), ""
	}
	best := len(";base64") + base64.StdEncoding.EncodedLen(len(text))
	encode := best < percent
	best = min(best, percent)
	if mayZip && m.zipper != nil && best > shortestZip {
		z := m.zipper.Zip(text, func(size int) bool {
			near := best / 10
			return zippedLen(size) < best-near || zippedLen(size) > best+near
		})
		if zippedLen(len(z)) < best {
			return "data:;base64," + base64.StdEncoding.EncodeToString(z), "gzip"
		}
	}
	if encode {
		return "data:;base64," + base64.StdEncoding.EncodeToString([]byte(text)), ""
	}
	return "data:," + escape(text, percent), ""
}

// shortestZip is how many characters a text must have at least to be compressed: the frame of a gzip stream alone is 20
// bytes (RFC 1952).
const shortestZip = 40

// zippedLen is the length of compressed content in a config: of its URL, and of the word that names the compression.
func zippedLen(size int) int {
	return len(";base64") + base64.StdEncoding.EncodedLen(size) + len("gzip")
}

// escapes says how many bytes a byte becomes in a data: URL: itself where it is one of the unreserved ones of RFC 2396.
var escapes = func() (n [256]uint8) {
	for i := range n {
		n[i] = 3
	}
	for _, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.!~*'()") {
		n[c] = 1
	}
	return n
}()

func escapedLen(text string) int {
	n := 0
	for i := range len(text) {
		n += int(escapes[text[i]])
	}
	return n
}

// escape writes every byte that is not unreserved as %XX.
func escape(text string, size int) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, size)
	for i := range len(text) {
		if c := text[i]; escapes[c] == 1 {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
