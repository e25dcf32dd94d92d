package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/compute/metadata"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A token is what a metadata service gives for asking in the name of a machine.
type token struct {
	Value   diag.Secret `json:"access_token"`
	Kind    string      `json:"token_type"`
	Expires json.Number `json:"expires_in"` // seconds; Azure sends them as text
}

// parseToken reads one. What is wrong with it is told without a word of it.
func parseToken(text []byte) (token, error) {
	var t token
	if err := json.Unmarshal(text, &t); err != nil {
		return token{}, badContent(errors.New("not a token in JSON"))
	}
	value := t.Value.Reveal()
	if seconds, err := t.Expires.Int64(); err != nil || seconds <= 0 || value == "" {
		return token{}, badContent(errors.New("a token that is empty or has expired"))
	}
	if t.Kind == "" {
		t.Kind = "Bearer"
	}
	if !isHeaderValue(t.Kind + " " + value) {
		return token{}, badContent(errors.New("a token with a character that headers cannot hold"))
	}
	return t, nil
}

func (t token) header() string { return t.Kind + " " + t.Value.Reveal() }

// A googleAccount is what a client has found out about being on Google's cloud, once.
type googleAccount struct {
	once   sync.Once
	client *metadata.Client // nil elsewhere, and where the machine has no account
}

func (c *Client) fetchGS(ctx context.Context, r Resource, to *transfer) error {
	address, err := gsAddress(r.URL)
	if err != nil {
		return badRequest(err)
	}
	s := c.session()
	ctx, p, stop := s.within(ctx, 0)
	defer stop()
	req := httpRequest{shown: r.URL, address: address, header: c.defaults(), verified: r.Digest != ""}
	account := c.google.ask(ctx, c)
	if account != nil {
		t, err := gsToken(ctx, account)
		if err != nil {
			return fmt.Errorf("token of this machine's service account: %w", err)
		}
		req.header.Set("Authorization", t.header())
	}
	return s.download(ctx, req, p, to)
}

// gsAddress is the object in the JSON API. A slash in its name is a part of the name.
func gsAddress(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errNotURL
	}
	bucket, object := u.Host, strings.TrimPrefix(u.Path, "/")
	if bucket == "" || object == "" {
		return nil, errors.New("names no object in a bucket")
	}
	return &url.URL{
		Scheme: "https", Host: "storage.googleapis.com", RawQuery: "alt=media",
		Path:    "/storage/v1/b/" + bucket + "/o/" + object,
		RawPath: "/storage/v1/b/" + percent(bucket, "") + "/o/" + percent(object, ""),
	}, nil
}

// ask gives the metadata service, if this is a machine of Google's that has a service account.
func (g *googleAccount) ask(ctx context.Context, c *Client) *metadata.Client {
	g.once.Do(func() {
		plain := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DialContext: c.dial}}
		client := metadata.NewClient(plain)
		within, stop := context.WithTimeout(ctx, 5*time.Second)
		defer stop()
		if !client.OnGCEWithContext(within) {
			return
		}
		if _, err := client.ScopesWithContext(ctx, "default"); err != nil {
			c.log.Info(fmt.Sprintf("no service account of this machine, so objects are asked for anonymously: %v",
				tokenError(err)))
			return
		}
		g.client = client
	})
	return g.client
}

const gsScope = "https://www.googleapis.com/auth/devstorage.read_only"

func gsToken(ctx context.Context, account *metadata.Client) (token, error) {
	text, err := account.GetWithContext(ctx, "instance/service-accounts/default/token?scopes="+url.QueryEscape(gsScope))
	if err != nil {
		return token{}, tokenError(err)
	}
	return parseToken([]byte(text))
}

// tokenError says why there is no answer, without a word of the answer that is none.
func tokenError(err error) error {
	var answer *metadata.Error
	if errors.As(err, &answer) {
		return answered(answer.Code)
	}
	return &Error{Kind: kindOfConnection(err), Err: err}
}
