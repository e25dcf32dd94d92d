package fetch

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// authorityMax is far more than the bundle of all public authorities has.
const authorityMax = 16 << 20

// A bundleKey is what tells two CA bundles apart; their headers do not.
type bundleKey struct {
	url, digest string
	gzip        bool
}

// Configure puts settings into force for later fetches. Timeouts and proxies are replaced, before the bundles are
// fetched: a machine that needs a proxy needs it for them too. A list of authorities replaces the one before (the
// system's own are always trusted); an empty list leaves it in force.
func (c *Client) Configure(ctx context.Context, s Settings) error {
	s.NoProxy, s.Authorities = slices.Clone(s.NoProxy), slices.Clone(s.Authorities)
	c.renew(func() { c.settings = s })
	if len(s.Authorities) == 0 {
		return nil
	}
	var roots []*x509.Certificate
	for _, r := range s.Authorities {
		bundle, err := c.Authority(ctx, r)
		if err != nil {
			return fmt.Errorf("certificate authority: %w", err)
		}
		found, err := certificates(bundle)
		if err != nil {
			return fmt.Errorf("certificate authority: %w", about(r.URL, err))
		}
		roots = append(roots, found...)
	}
	c.renew(func() { c.roots = roots })
	return nil
}

// renew makes a change to the settings; connections made under the old ones serve the fetches under way.
func (c *Client) renew(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	if c.current != nil {
		c.current.connections.CloseIdleConnections()
		c.current = nil
	}
}

// Authority returns a CA bundle as text, fetched once in a client's life.
func (c *Client) Authority(ctx context.Context, r Resource) ([]byte, error) {
	key := bundleKey{r.URL, r.Digest, r.Gzip}
	c.mu.Lock()
	bundle, ok := c.authorities[key]
	c.mu.Unlock()
	if ok {
		return bytes.Clone(bundle), nil
	}
	bundle, err := c.Document(ctx, r, authorityMax)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.authorities[key] = bundle
	c.mu.Unlock()
	return bytes.Clone(bundle), nil
}

// certificates reads concatenated PEM blocks. Only white space may follow the last.
func certificates(bundle []byte) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for {
		block, rest := pem.Decode(bundle)
		if block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d (%s): not a certificate: %w", len(found)+1, block.Type, err)
		}
		found, bundle = append(found, certificate), rest
	}
	if len(found) == 0 {
		return nil, errors.New("holds no PEM block")
	}
	if len(bytes.TrimSpace(bundle)) > 0 {
		return nil, fmt.Errorf("text after PEM block %d", len(found))
	}
	return found, nil
}

// pool adds certificates to the system's.
func pool(extra []*x509.Certificate) *x509.CertPool {
	all, err := x509.SystemCertPool()
	if err != nil { // an image without a CA bundle trusts what its config names
		all = x509.NewCertPool()
	}
	for _, certificate := range extra {
		all.AddCert(certificate)
	}
	return all
}
