package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// noAnswer says why there is no answer to a request, what can be done about it, and by which clock a certificate was
// judged. Any of this may pass: networks, name servers and clocks come up while we wait.
func (c *Client) noAnswer(err error) *Error {
	failed := &Error{Kind: kindOfConnection(err), Err: c.Clock.explain(plain(err))}
	if hint := connectionHint(err); hint != "" {
		failed.Err = diag.WithHint(failed.Err, hint)
	}
	return failed.again(0)
}

// kindOfConnection tells what has kept a request from being answered. Much of what crypto/tls and net/http say of a
// handshake has no type of its own.
func kindOfConnection(err error) Kind {
	text := err.Error()
	switch {
	case errors.As(err, new(*net.DNSError)):
		return KindName
	case isCertificate(err), errors.Is(err, http.ErrSchemeMismatch), strings.HasPrefix(text, "tls: "),
		strings.Contains(text, "error: tls: "), text == "net/http: TLS handshake timeout":
		return KindTLS
	}
	return KindConnection
}

func isCertificate(err error) bool { return errors.As(err, new(*tls.CertificateVerificationError)) }

// connectionHint is what can be done about the error of a connection, "" if nothing is known.
func connectionHint(err error) string {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(*net.DNSError)):
		return hintName
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return hintAuthority
	case errors.As(err, new(x509.HostnameError)):
		return hintHost
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return hintClock
	}
	return ""
}

// plain is the error of a connection as a person can use it. io.EOF, which says nothing to one, gets a name. And where
// an error quotes what a server has sent in place of an answer, which may be a config, it is cut off there; the names
// in a certificate may be shown.
func plain(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)
	}
	text, _, quotes := strings.Cut(err.Error(), `"`)
	if !quotes || isCertificate(err) {
		return err
	}
	return errors.New(strings.TrimRight(text, " :"))
}
