package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/klauspost/compress/gzip"
)

// What a person can do about a fetch that has failed.
const (
	adviseMissing = "see that the URL is right, and that the server has what it names"
	adviseDigest  = "compare what the source holds with what was meant, " +
		"and put the digest of the right one into the config"
	adviseGzip = "if the content is not compressed, leave compression out of the config"
	adviseTime = "if it only takes longer: ignition.timeouts.httpTotal, --fetch-timeout for the config itself, " +
		"or the kernel argument glowplug.timeout.resource allow for it"
	adviseName = "see that the name is right, and that DHCP or the kernel arguments name a name server " +
		"that knows it"
	adviseAuthority = "name the authority in ignition.security.tls.certificateAuthorities, " +
		"or add it to those of the image"
	adviseHost   = "ask for the server by a name that its certificate has, or give it a certificate with this one"
	adviseClock  = "set the machine's clock, or give the server a certificate that is valid now"
	adviseKey    = "httpHeaders in the config, or user and password in the URL, can show the server who asks"
	adviseObject = "the object has to be there for everybody to read or, on AWS, for the role of the instance"
	adviseProxy  = "user and password in the proxy's URL can show it who asks"
)

// advised adds to the error of a connection what can be done about it.
func advised(err error) error {
	var name *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return diag.WithHint(err, adviseName)
	case errors.As(err, &authority):
		return diag.WithHint(err, adviseAuthority)
	case errors.As(err, &host):
		return diag.WithHint(err, adviseHost)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return diag.WithHint(err, adviseClock)
	}
	return err
}

// refusal is the error of an answer that is final and not the content.
func refusal(code int) error {
	switch err := answered(code); code {
	case http.StatusUnauthorized, http.StatusForbidden:
		return diag.WithHint(err, adviseKey)
	case http.StatusProxyAuthRequired:
		return diag.WithHint(err, adviseProxy)
	default:
		return err
	}
}

// notFound says that there is no such resource.
func notFound() error { return diag.WithHint(ErrNotFound, adviseMissing) }

// unpacking is an error of a gzip stream.
func unpacking(err error) error {
	if errors.Is(err, gzip.ErrHeader) {
		return diag.WithHint(err, adviseGzip)
	}
	return err
}

// unquoted leaves out what the error of a connection quotes: a piece of what a server has sent in place of an answer,
// which may be a config. The names in a certificate are none.
func unquoted(err error) error {
	var certificate *tls.CertificateVerificationError
	text, _, quotes := strings.Cut(err.Error(), `"`)
	if !quotes || errors.As(err, &certificate) {
		return err
	}
	return errors.New(strings.TrimRight(text, " :"))
}
