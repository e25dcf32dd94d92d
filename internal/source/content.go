package source

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Misfit is why content is not what its resource says, and by which key of the resource.
type Misfit struct {
	Key string // "compression", "verification" or "source"
	*diag.Fault
}

// Known tells whether a resource has its content itself, and says what of it is packed or has to match a digest. An
// empty source is an empty content.
func Known(r *config.Resource) bool {
	judged := r.Verification.Hash != nil || config.Says(r.Compression) == "gzip"
	return judged && r.Source != nil && (*r.Source == "" || isData(*r.Source))
}

// A Judge judges contents one after another, and keeps the 80 KB that reading gzip takes. Its zero value is ready.
type Judge struct {
	gzip   gzip.Reader
	buffer []byte
}

// Misfits says what is wrong with a resource that has its content itself, which no fetch would mend; nil for nothing. A
// source or digest that is malformed is not judged here.
func (j *Judge) Misfits(r *config.Resource) *Misfit {
	if !Known(r) {
		return nil
	}
	content, known := Inline(*r.Source)
	if !known && *r.Source != "" {
		return nil
	}
	return j.Unlike(r, strings.NewReader(content))
}

// UnpackedFree and UnpackedMost bound what is unpacked as a fetch does (docs/fetch.md).
const (
	UnpackedFree = 1 << 30 // bytes that may come out whatever went in
	UnpackedMost = 200     // past them, how many bytes may come out for one that went in
)

// Unlike holds content against the compression and the digest of its resource; nil if it is as they say. It reads as
// much as it needs, and keeps nothing.
func (j *Judge) Unlike(r *config.Resource, packed io.Reader) *Misfit {
	in := &counted{Reader: packed}
	content := io.Reader(in)
	if config.Says(r.Compression) == "gzip" {
		if err := j.gzip.Reset(in); err != nil {
			return in.misfit(err)
		}
		content = &j.gzip
	}
	digest, fault := ParseDigest(config.Says(r.Verification.Hash), config.Newest)
	h := digest.New()
	to := io.Discard
	if fault == nil && h != nil {
		to = h
	}
	if err := j.drain(to, content, in, UnpackedFree); err != nil {
		return in.misfit(err)
	}
	if to == io.Discard || digest.Matches(h.Sum(nil)) {
		return nil
	}
	return &Misfit{"verification", &diag.Fault{Code: codes.ContentDigest,
		Message: "the content has another " + digest.Function() + " digest", At: -1,
		Hint: "write what " + digest.Function() + "sum prints of the content, unpacked, or remove the digest"}}
}

// A counted reader notes how much has been read, and why no more could be.
type counted struct {
	io.Reader
	n   int64
	err error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	if err != io.EOF {
		c.err = err
	}
	return n, err
}

// misfit says why content came to an early end.
func (c *counted) misfit(err error) *Misfit {
	if c.err == nil {
		return notGzip(err)
	}
	return &Misfit{"source", &diag.Fault{Code: codes.Unreadable, Message: "reading its content: " + c.err.Error(),
		At: -1}}
}

var errExpands = fmt.Errorf("it unpacks to more than %d times its size", UnpackedMost)

// drain reads to the end, unless far more comes out than went in.
func (j *Judge) drain(to io.Writer, content io.Reader, in *counted, free int64) error {
	if j.buffer == nil {
		j.buffer = make([]byte, 32<<10)
	}
	for out := int64(0); ; {
		n, err := content.Read(j.buffer)
		to.Write(j.buffer[:n])
		out += int64(n)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case out > free && out/UnpackedMost > in.n:
			return errExpands
		}
	}
}

func notGzip(err error) *Misfit {
	f := &diag.Fault{Code: codes.ContentGzip, Message: "the content is not gzip", At: -1,
		Hint: "pack it with gzip, or remove the compression"}
	switch {
	case errors.Is(err, errExpands):
		f.Message, f.Hint = err.Error(), "write what is meant to be there"
	case err == io.EOF:
		f.Message = "there is nothing to unpack"
	case errors.Is(err, io.ErrUnexpectedEOF):
		f.Message, f.Hint = "the content is gzip that is cut off", "copy it whole"
	case !errors.Is(err, gzip.ErrHeader):
		f.Message, f.Hint = "the content is gzip that is damaged", "copy it again"
	}
	return &Misfit{"compression", f}
}

// Text gives content of a resource, unpacked, of at most so many bytes; known is false where it is not at hand, not as
// the resource says, or longer.
func Text(r *config.Resource, most int64) (text []byte, known bool) {
	content, known := Inline(config.Says(r.Source))
	if !known {
		return nil, false
	}
	return Unpacked(r, strings.NewReader(content), most)
}

// Unpacked is Text of a content that is given.
func Unpacked(r *config.Resource, packed io.Reader, most int64) (text []byte, known bool) {
	content := packed
	if config.Says(r.Compression) == "gzip" {
		unpacked, err := gzip.NewReader(packed)
		if err != nil {
			return nil, false
		}
		content = unpacked
	}
	text, err := io.ReadAll(io.LimitReader(content, most+1))
	return text, err == nil && int64(len(text)) <= most
}

// NoAuthorities says why a text is no bundle of certificates: PEM blocks of certificates, and nothing behind them; ""
// if it may be one. What is in a certificate is not looked into.
func NoAuthorities(bundle []byte) string {
	for count := 0; ; count++ {
		block, rest := pem.Decode(bundle)
		switch {
		case block == nil && count == 0:
			return "there is no certificate in it"
		case block == nil && len(bytes.TrimSpace(bundle)) > 0:
			return "something follows the last certificate"
		case block == nil:
			return ""
		case !isSequence(block.Bytes):
			return "what it holds is no certificate"
		}
		bundle = rest
	}
}

// isSequence: the bytes are one SEQUENCE of DER (X.690, 8.1), as a certificate is.
func isSequence(der []byte) bool {
	if len(der) < 2 || der[0] != 0x30 {
		return false
	}
	length, rest := int(der[1]), der[2:]
	if digits := length - 0x80; digits > 0 {
		if digits > 4 || digits > len(rest) {
			return false
		}
		length = 0
		for _, b := range rest[:digits] {
			length = length<<8 | int(b)
		}
		rest = rest[digits:]
	}
	return length == len(rest)
}
