package fetch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// An imds is the instance metadata service of AWS, as far as it is asked when objects are fetched: for the region, and
// for the keys of a role. It is asked by version 2, with a token, or by version 1 where it gives none
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html). The SDK's client of
// the service would do, for 0.3 MB of every initramfs.
type imds struct {
	direct *http.Client // without a proxy
	base   string
	now    func() time.Time
	pause  func(time.Duration) time.Duration

	mu    sync.Mutex // one request at a time
	token *string    // nil if it has not been asked for; "" if there is none
	role  aws.Credentials
}

// imdsTries are the attempts where the service does not answer.
const imdsTries = 3

// newIMDS is a service that is asked without a proxy, and not for long: it is on this machine's link, or not there.
func (c *Client) newIMDS(base string) *imds {
	dialer := &net.Dialer{Timeout: 250 * time.Millisecond, Control: mark}
	return &imds{
		direct: &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext,
			ResponseHeaderTimeout: 500 * time.Millisecond}},
		base: cmp.Or(base, linkLocal), now: c.Clock.Now, pause: c.jittered,
	}
}

// get asks until there is an answer, but not for ever. What a service that is there does not say is an error of
// KindStatus or KindContent.
func (i *imds) get(ctx context.Context, path string) ([]byte, error) {
	for n, pause := 1, 200*time.Millisecond; ; n, pause = n+1, 2*pause {
		code, text, err := i.ask(ctx, path)
		if err == nil && code == http.StatusOK {
			return text, nil
		}
		final := n == imdsTries
		if err == nil {
			err = answered(code)
			final = final || code != http.StatusUnauthorized && !MayPass(code)
		}
		if final {
			return nil, err
		}
		i.token = nil // it may be that which is refused
		if err := sleep(ctx, i.pause(pause)); err != nil {
			return nil, err
		}
	}
}

// ask asks once. The code is 0 where nobody has answered.
func (i *imds) ask(ctx context.Context, path string) (code int, text []byte, err error) {
	if i.token == nil {
		given, err := i.newToken(ctx)
		if err != nil {
			return 0, nil, err
		}
		i.token = &given
	}
	header := http.Header{}
	if *i.token != "" {
		header.Set("X-Aws-Ec2-Metadata-Token", *i.token)
	}
	return askOnce(ctx, i.direct, i.base+path, header)
}

// newToken asks for a token. A service that gives none may be one of version 1, or so many hops away that the answer
// does not get here.
func (i *imds) newToken(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, i.base+"/latest/api/token", nil)
	if err != nil {
		return "", badRequest(errNotURL)
	}
	r.Header.Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
	response, err := i.direct.Do(r)
	switch {
	case ctx.Err() != nil:
		return "", &Error{Kind: KindCancelled, Err: context.Cause(ctx)}
	case err != nil:
		return "", nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if response.StatusCode != http.StatusOK || err != nil {
		return "", nil
	}
	return string(text), nil
}

// region is that of the instance.
func (i *imds) region(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	text, err := i.get(ctx, "/latest/dynamic/instance-identity/document")
	if err != nil {
		return "", err
	}
	var identity struct {
		Region string `json:"region"`
	}
	switch err := json.Unmarshal(text, &identity); {
	case err != nil:
		return "", badContent(err)
	case identity.Region == "":
		return "", badContent(errors.New("the instance's document names none"))
	}
	return identity.Region, nil
}

// keys are those of the instance's role, asked for again when they end.
func (i *imds) keys(ctx context.Context) (aws.Credentials, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.role.HasKeys() && i.now().Before(i.role.Expires) {
		return i.role, nil
	}
	const path = "/latest/meta-data/iam/security-credentials/"
	names, err := i.get(ctx, path)
	if err != nil {
		return aws.Credentials{}, err
	}
	name, _, _ := strings.Cut(string(names), "\n")
	if name = strings.TrimSuffix(name, "\r"); name == "" {
		return aws.Credentials{}, badContent(errors.New("the metadata service names no role"))
	}
	text, err := i.get(ctx, path+name)
	if err != nil {
		return aws.Credentials{}, err
	}
	i.role, err = parseKeys(text)
	return i.role, err
}

// parseKeys reads what the service says of a role. What is wrong with it is told without a word of it.
func parseKeys(text []byte) (aws.Credentials, error) {
	var answer struct {
		Code            string
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey diag.Secret
		Token           diag.Secret
		Expiration      time.Time
	}
	err := json.Unmarshal(text, &answer)
	switch {
	case err != nil:
		return aws.Credentials{}, badContent(errors.New("the keys of the role are not in JSON"))
	case answer.Code != "" && answer.Code != "Success":
		return aws.Credentials{},
			badContent(fmt.Errorf("the metadata service has no keys of the role: %s", diag.Printable(answer.Code)))
	case answer.AccessKeyID == "" || answer.SecretAccessKey == "":
		return aws.Credentials{}, badContent(errors.New("the metadata service gives no keys of the role"))
	}
	return aws.Credentials{
		AccessKeyID: answer.AccessKeyID, SecretAccessKey: string(answer.SecretAccessKey),
		SessionToken: string(answer.Token),
		CanExpire:    true, Expires: answer.Expiration,
	}, nil
}
