package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// stalledAfter is how long a body may bring not a single byte before it counts as broken off: a server that hangs keeps
// its connection alive.
const stalledAfter = time.Minute

// goodProgress is how much of a body has to come for the pauses to begin small again.
const goodProgress = 1 << 20

var errStalled = fmt.Errorf("no byte for %v", stalledAfter)

// A body is what a server holds, read to its end over as many answers as that takes. Where a server marks its content
// with a validator, an answer that breaks off is continued from where it did. Elsewhere Read ends with the reason, as
// an error that another attempt may cure, and open leads back to the beginning.
type body struct {
	ctx     context.Context
	session *session
	req     httpRequest
	*attempts

	answer    *http.Response // nil for none
	stop      context.CancelCauseFunc
	stalled   *time.Timer
	n         int64  // bytes read of the whole
	size      int64  // of the whole; -1 where the server does not say
	validator string // for If-Range; "" where the rest cannot be asked for
	from      string // the URL that has answered, behind all redirects
	goodAt    int64  // n when the pauses last began small
	broken    *Error // why the answer before ended, if nothing has been waited for since
}

// open has an answer that begins at the beginning; there is one already if the server gave the whole in place of the
// rest.
func (b *body) open() error {
	b.n, b.goodAt = 0, 0
	if b.answer != nil {
		return nil
	}
	return b.ask()
}

// ask has an answer, after a pause if the one before was no good.
func (b *body) ask() error {
	if broken := b.broken; broken != nil {
		b.broken = nil
		if err := b.wait(b.ctx, broken); err != nil {
			return err
		}
	}
	return b.until(b.ctx, b.attempt)
}

// Read reads on, over broken connections.
func (b *body) Read(p []byte) (n int, err error) {
	b.resume()
	defer func() { b.pause(n) }()
	for {
		if b.answer != nil {
			n, err := b.readAnswer(p)
			b.n += int64(n)
			b.received.Store(b.n)
			switch {
			case err == nil:
				return n, nil
			case err == io.EOF && (b.size < 0 || b.n == b.size):
				return n, io.EOF
			}
			b.breakOff(err)
			if n > 0 {
				return n, nil
			}
		}
		if err := b.goOn(); err != nil {
			return 0, err
		}
	}
}

// readAnswer reads from the answer at hand, and waits only so long.
func (b *body) readAnswer(p []byte) (int, error) {
	b.stalled.Reset(stalledAfter)
	n, err := b.answer.Body.Read(p)
	b.stalled.Stop()
	if err != nil && err != io.EOF && context.Cause(b.answer.Request.Context()) == errStalled {
		err = errStalled
	}
	return n, err
}

// breakOff notes why the answer ended early, and drops it.
func (b *body) breakOff(err error) {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	b.close()
	broken := &Error{Kind: KindBody, Attempt: b.count,
		Err: fmt.Errorf("the body broke off after %s: %w", diag.Count(b.n, "byte"), plain(err))}
	b.broken = broken.again(0)
	if b.n-b.goodAt >= goodProgress {
		b.goodAt, b.pauses = b.n, 0
	}
}

// goOn has an answer with the rest. Its error is one that another attempt may cure where only the whole is to be had.
func (b *body) goOn() error {
	if b.validator == "" && b.n > 0 {
		return b.broken
	}
	if err := b.ask(); err != nil {
		return err
	}
	if b.n > 0 && b.answer.StatusCode != http.StatusPartialContent {
		return b.last
	}
	return nil
}

// close drops the answer.
func (b *body) close() {
	if b.answer == nil {
		return
	}
	b.stalled.Stop()
	_ = b.answer.Body.Close()
	b.stop(nil)
	b.answer = nil
}

// attempt asks once, through redirects, for the rest, or for the whole where that cannot be had.
func (b *body) attempt() error {
	from := b.n
	if b.validator == "" {
		from = 0
	}
	ctx, stop := context.WithCancelCause(b.ctx)
	response, err := b.session.answer(ctx, b.req, b.rest(from))
	if err != nil {
		stop(nil)
		return err
	}
	b.result(http.StatusText(response.StatusCode))
	b.await("the body of the answer")
	b.answer, b.stop = response, stop
	b.stalled = time.AfterFunc(stalledAfter, func() { stop(errStalled) })
	b.stalled.Stop()
	if err := b.judge(from); err != nil {
		b.close()
		return err
	}
	b.heard()
	return nil
}

// rest are the headers that ask for what begins at from, if the whole is still what it was.
func (b *body) rest(from int64) http.Header {
	if from == 0 {
		return nil
	}
	return http.Header{"Range": {fmt.Sprintf("bytes=%d-", from)}, "If-Range": {b.validator}}
}

// judge tells whether an answer is one to read. A body without a length that just ends (HTTP/1.0) cannot be told from a
// whole one; digest and gzip find that, and do not ask again. Other statuses below 500 are final: 206 and 304 answer
// what was not asked.
func (b *body) judge(from int64) error {
	r := b.answer
	switch code := r.StatusCode; {
	case code == http.StatusOK, code == http.StatusNoContent:
		b.size, b.validator, b.from = r.ContentLength, validator(r.Header), r.Request.URL.String()
		return nil
	case code == http.StatusPartialContent && from > 0:
		if err := b.continues(); err != nil {
			b.validator = "" // the server gets no second chance to send another part
			return badAnswer(err).again(0)
		}
		return nil
	case code == http.StatusRequestedRangeNotSatisfiable && from > 0:
		b.validator = ""
		return answered(code).again(0)
	case code == http.StatusNotFound:
		return missing(code)
	case MayPass(code):
		return answered(code).again(retryAfter(r.Header, time.Now()))
	default:
		return b.req.explain(r)
	}
}

// continues checks that a part is the rest, of what the same URL has: a validator is only good for that.
func (b *body) continues() error {
	if b.answer.Request.URL.String() != b.from {
		return errors.New("the rest would come from another address than the beginning")
	}
	start, size, ok := contentRange(b.answer.Header.Get("Content-Range"))
	// a server that does not heed If-Range may still tell that the content is another
	tag := b.answer.Header.Get("ETag")
	if !ok || start != b.n || b.size >= 0 && size >= 0 && size != b.size || tag != "" &&
		strings.HasPrefix(b.validator, `"`) && tag != b.validator {
		return errors.New("the server answered with another part than the rest")
	}
	if b.size < 0 {
		b.size = size
	}
	return nil
}

// contentRange reads "bytes 5-9/10"; the size is -1 where it says *.
func contentRange(text string) (start, size int64, ok bool) {
	text, ok = strings.CutPrefix(text, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, whole, _ := strings.Cut(text, "/")
	first, _, _ := strings.Cut(span, "-")
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil || start < 0 {
		return 0, 0, false
	}
	if whole == "*" {
		return start, -1, true
	}
	size, err = strconv.ParseInt(whole, 10, 64)
	return start, size, err == nil && size >= start
}

// validator is what tells whether content is still the same byte by byte: a strong entity tag, or the date of the last
// change. A server that takes no ranges needs none.
func validator(h http.Header) string {
	if h.Get("Accept-Ranges") == "none" {
		return ""
	}
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	changed, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return ""
	}
	// What changed in the second of the answer may change once more in it (RFC 9110 §8.8.2.2).
	if now, err := http.ParseTime(h.Get("Date")); err != nil || now.Sub(changed) < time.Minute {
		return ""
	}
	return h.Get("Last-Modified")
}

// retryAfter is how long a server wants no request, within reason.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			now = date // both by the server's clock: ours may be wrong
		}
		wait = at.Sub(now)
	}
	return min(max(wait, 0), longestAsked)
}
