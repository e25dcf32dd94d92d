package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Kind is what a fetch has failed at, which is also whose fault it is.
type Kind string

const (
	// KindRequest: what is asked for cannot be: a URL, a header, a digest.
	KindRequest Kind = "request"
	// KindName: the server's name leads to no address.
	KindName Kind = "name"
	// KindConnection: there is no connection to the server, or it ends before there is an answer.
	KindConnection Kind = "connection"
	// KindTLS: the server's certificate is not good, or there is no agreement on how to encrypt.
	KindTLS Kind = "tls"
	// KindStatus: the server answers something else than the content: a status, or a redirect that leads nowhere.
	KindStatus Kind = "status"
	// KindMissing: the server has no such resource.
	KindMissing Kind = "missing"
	// KindBody: the content has broken off.
	KindBody Kind = "body"
	// KindContent: the content is whole, and not what it should be: no gzip, no keys.
	KindContent Kind = "content"
	// KindDigest: the content has another digest.
	KindDigest Kind = "digest"
	// KindSize: the content is larger than what is taken.
	KindSize Kind = "size"
	// KindTime: the time is over. The error wraps that of the last attempt that failed, if one has.
	KindTime Kind = "time"
	// KindCancelled: whoever wanted the content wants it no more.
	KindCancelled Kind = "cancelled"
	// KindWriter: who is given the content cannot take it.
	KindWriter Kind = "writer"
)

// An Error says what a fetch has failed at, and in which attempt.
type Error struct {
	Kind    Kind
	Attempt int // from 1 on; 0 if the network was not asked
	Status  int // of an answer over HTTP; 0 for none
	Err     error

	retry bool          // another attempt may cure it
	after time.Duration // the server wants no request for that long
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// KindOf tells what a fetch has failed at, "" for an error that is not of a fetch.
func KindOf(err error) Kind {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Kind
	}
	return ""
}

// again says of an error that another attempt may cure it, and for how long the server wants none before.
func (e *Error) again(after time.Duration) *Error {
	e.retry, e.after = true, after
	return e
}

// retryable gives the error in err that another attempt may cure, nil if there is none.
func retryable(err error) *Error {
	var failed *Error
	if errors.As(err, &failed) && failed.retry {
		return failed
	}
	return nil
}

// final is an error as it is when there are no more attempts; more is what has kept them from being made, or nil.
func (e *Error) final(more error) *Error {
	last := *e
	last.retry = false
	if more != nil {
		last.Err = fmt.Errorf("%w; %w", e.Err, more)
	}
	return &last
}

func badRequest(err error) *Error { return &Error{Kind: KindRequest, Err: err} }

func badContent(err error) *Error { return &Error{Kind: KindContent, Err: err} }

// badAnswer is the error of an answer that is not the content for another reason than its status.
func badAnswer(err error) *Error { return &Error{Kind: KindStatus, Err: err} }

func tooLarge(limit int64) *Error {
	return &Error{Kind: KindSize, Err: fmt.Errorf("larger than %d bytes", limit)}
}

// missing says that the server has no such resource; status is that of its answer, 0 for none.
func missing(status int) *Error {
	return &Error{Kind: KindMissing, Status: status, Err: diag.WithHint(errors.New("not found"), hintMissing)}
}

// answered is the error of a status that is not the content's.
func answered(code int) *Error {
	return &Error{Kind: KindStatus, Status: code,
		Err: fmt.Errorf("the server answered %d %s", code, http.StatusText(code))}
}

// refused is answered, with what a person can do about a status that no other attempt will change.
func refused(code int) *Error {
	err := answered(code)
	switch code {
	case http.StatusUnauthorized, http.StatusForbidden:
		err.Err = diag.WithHint(err.Err, hintKey)
	case http.StatusProxyAuthRequired:
		err.Err = diag.WithHint(err.Err, hintProxy)
	}
	return err
}

// MayPass tells the statuses that another attempt may cure: the server is too slow, too busy or broken, or was asked
// too early.
func MayPass(code int) bool {
	return code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests ||
		code >= 500
}
