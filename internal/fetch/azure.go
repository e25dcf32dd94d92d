package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// linkLocal is where clouds have their metadata services.
const linkLocal = "http://169.254.169.254"

// blobTries and tokenTries are how often each is asked for before the blob is fetched as any other URL
// (docs/peer/platforms.md §4.4).
const (
	blobTries  = 4
	tokenTries = 6
)

// isBlob tells whether a URL is one of Azure's blob storage that this machine may have an identity for.
func (m Machine) isBlob(address *url.URL) bool {
	if m.Platform != "azure" || address.Scheme != "https" ||
		!strings.HasSuffix(address.Host, ".blob.core.windows.net") {
		return false
	}
	container, blob, _ := strings.Cut(strings.TrimPrefix(address.Path, "/"), "/")
	return container != "" && blob != "" && !strings.Contains(blob, "/")
}

// fetchBlob fetches with the identity of this machine. Query and headers of the config, which may grant access in
// another way, are left out.
func (c *Client) fetchBlob(
	ctx context.Context, s *session, r Resource, address *url.URL, p *patience, to *transfer,
) error {
	t, err := c.azureToken(ctx)
	if err != nil {
		return fmt.Errorf("token of this machine: %w", err)
	}
	plain := *address
	plain.RawQuery, plain.ForceQuery, plain.Fragment, plain.User = "", false, "", nil
	header := c.defaults()
	header.Set("Authorization", t.header())
	header.Set("X-Ms-Version", "2026-06-06")
	header.Set("Accept", "application/xml")
	return s.download(ctx, httpRequest{shown: r.URL, address: &plain, header: header, attempts: blobTries,
		verified: r.Digest != ""}, p, to)
}

var errNobody = errors.New("no answer within a second")

// azureToken asks the metadata service of the machine, without a proxy.
func (c *Client) azureToken(ctx context.Context) (token, error) {
	base := c.metadata
	if base == "" {
		base = linkLocal
	}
	direct := &http.Client{Timeout: DefaultResponseHeader, Transport: &http.Transport{DialContext: c.dial}}
	defer direct.CloseIdleConnections()
	const path = "/metadata/identity/oauth2/token"
	within, stop := context.WithTimeoutCause(ctx, time.Second, errNobody)
	defer stop()
	if _, _, err := askOnce(within, direct, base+path, nil); err != nil {
		return token{}, fmt.Errorf("nobody there who gives any: %w", err)
	}
	query := url.Values{"api-version": {"2018-02-01"}, "resource": {"https://storage.azure.com"}}
	if id := os.Getenv("AZURE_CLIENT_ID"); id != "" {
		query.Set("client_id", id)
	}
	pause := 2 * time.Second
	for n := 1; ; n++ {
		code, text, err := askOnce(ctx, direct, base+path+"?"+query.Encode(), http.Header{"Metadata": {"true"}})
		switch {
		case err == nil && code == http.StatusOK:
			return parseToken(text)
		case err == nil && code != http.StatusNotFound && code != http.StatusGone && !MayPass(code):
			return token{}, answered(code)
		case n == tokenTries && err == nil:
			return token{}, answered(code)
		case n == tokenTries:
			return token{}, err
		}
		if err := sleep(ctx, c.jittered(pause)); err != nil {
			return token{}, err
		}
		pause = min(2*pause, 25*time.Second)
	}
}

// askOnce gets a small answer.
func askOnce(ctx context.Context, client *http.Client, address string, header http.Header) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, badRequest(errNotURL)
	}
	r.Header = header
	response, err := client.Do(r)
	var quoted *url.Error
	if errors.As(err, &quoted) { // it quotes the address
		err = quoted.Err
	}
	if err != nil {
		return 0, nil, &Error{Kind: kindOfConnection(err), Err: plain(err)}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return 0, nil, &Error{Kind: KindBody, Err: plain(err)}
	}
	return response.StatusCode, text, nil
}
