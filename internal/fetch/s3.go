package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
)

// startRegions are where the search for a bucket begins that may be anywhere in a partition (docs/peer/engine.md
// §6.3).
var startRegions = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

// startRegion is for those of which nothing is known.
const startRegion = "us-east-1"

// suffixes are the domains of partitions whose regions begin so; all others are in amazonaws.com.
var suffixes = [...]struct{ regions, domain string }{
	{"cn-", "amazonaws.com.cn"},
	{"us-iso-", "c2s.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
	{"eusc-", "amazonaws.eu"},
}

func domainOf(region string) string {
	for _, s := range suffixes {
		if strings.HasPrefix(region, s.regions) {
			return s.domain
		}
	}
	return "amazonaws.com"
}

// An awsInstance is what a client has found out about its own instance, once.
type awsInstance struct {
	services []*imds // by IPv4 and by IPv6
	region   string
}

func (c *Client) instance() *awsInstance {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aws == nil {
		c.aws = &awsInstance{services: []*imds{c.newIMDS(c.metadata), c.newIMDS(c.metadataV6)},
			region: c.Machine.Region}
	}
	return c.aws
}

// regionLimit is how long the metadata service has to say where the instance is.
const regionLimit = 15 * time.Second

var errNoRegion = fmt.Errorf("the metadata service has not said it within %v", regionLimit)

// InstanceRegion is the region of this machine where the platform is aws: Machine.Region, or what the metadata service
// says. Whoever keeps it saves later clients a question.
func (c *Client) InstanceRegion(ctx context.Context) (string, error) {
	a := c.instance()
	c.mu.Lock()
	region := a.region
	c.mu.Unlock()
	if region != "" {
		return region, nil
	}
	ctx, stop := context.WithTimeoutCause(ctx, regionLimit, errNoRegion)
	defer stop()
	found, err := a.services[0].region(ctx)
	if err != nil {
		return "", fmt.Errorf("region of this instance: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a.region = found
	return a.region, nil
}

func (c *Client) fetchS3(ctx context.Context, r Resource, to *transfer) error {
	object, err := source.ParseS3(r.URL)
	if err != nil {
		return badRequest(err)
	}
	s := c.session()
	ctx, p, stop := s.within(ctx, DefaultOtherTotal)
	defer stop()
	region := object.Region
	if region == "" {
		if region, err = s.findRegion(ctx, object, p); err != nil {
			return err
		}
	}
	address, err := objectAddress(object, region)
	if err != nil {
		return badRequest(err)
	}
	req := httpRequest{shown: r.URL, address: address, header: c.defaults(), verified: r.Digest != "",
		refused: func(r *http.Response) *Error { return s3Refused(r.StatusCode, s3Code(r.Body)) }}
	if keys, ok := c.role(ctx); ok {
		req.signed(keys, region, c.Clock)
	}
	return s.download(ctx, req, p, to)
}

// role gives the keys of the instance's role; without one, objects are asked for as anybody may. A service that is
// there and gives no keys has none at its other address either.
func (c *Client) role(ctx context.Context) (aws.Credentials, bool) {
	if c.Machine.Platform != "aws" {
		return aws.Credentials{}, false
	}
	var failed error
	for _, service := range c.instance().services {
		keys, err := service.keys(ctx)
		if err == nil {
			return keys, true
		}
		failed = err
		if kind := KindOf(err); kind == KindStatus || kind == KindContent {
			break
		}
	}
	c.log.Info(fmt.Sprintf("no role of this instance, so objects are asked for anonymously: %v", failed))
	return aws.Credentials{}, false
}

// signed has a request carry signatures. They carry the time; a service that holds against one that the time is wrong
// is believed about it, once.
func (req *httpRequest) signed(keys aws.Credentials, region string, clock Clock) {
	skew := time.Duration(0)
	req.sign = func(ctx context.Context, r *http.Request) error {
		return sign(ctx, r, keys, region, clock.Now().Add(skew))
	}
	req.refused = func(r *http.Response) *Error {
		code := s3Code(r.Body)
		err := s3Refused(r.StatusCode, code)
		date, unknown := http.ParseTime(r.Header.Get("Date"))
		if skew != 0 || unknown != nil || code != "RequestTimeTooSkewed" {
			return err
		}
		skew = date.Sub(clock.Now())
		return err.again(0)
	}
}

// startOf is the region where the search for an object's bucket begins.
func (c *Client) startOf(ctx context.Context, o source.S3) string {
	if region, ok := startRegions[o.Partition]; ok {
		return region
	}
	if c.Machine.Region != "" {
		return c.Machine.Region
	}
	if c.Machine.Platform == "aws" {
		region, err := c.InstanceRegion(ctx)
		if err == nil {
			return region
		}
		c.log.Info(err.Error())
	}
	return startRegion
}

// findRegion asks where a bucket is.
func (s *session) findRegion(ctx context.Context, o source.S3, p *patience) (region string, err error) {
	address := bucketAddress(o.Bucket, s.client.startOf(ctx, o), false)
	a := s.client.attempts(http.MethodHead, address.String(), p)
	defer a.end()
	err = a.until(ctx, func() (err error) {
		region, err = s.regionOnce(ctx, address, a)
		return err
	})
	switch {
	case KindOf(err) == KindMissing:
		err = fmt.Errorf("bucket: %w", err)
	case err != nil:
		err = fmt.Errorf("region of the bucket: %w", err)
	}
	return region, err
}

// regionOnce asks once. Whatever else an answer says, it says where the bucket is.
func (s *session) regionOnce(ctx context.Context, address *url.URL, a *attempts) (string, error) {
	r := newRequest(ctx, address, s.client.defaults())
	r.Method = http.MethodHead
	response, err := s.connections.RoundTrip(r)
	if err != nil {
		return "", s.client.noAnswer(err)
	}
	_ = response.Body.Close()
	code := response.StatusCode
	a.result(http.StatusText(code))
	region := response.Header.Get("X-Amz-Bucket-Region")
	switch {
	case region != "" && !isRegion(region):
		return "", badAnswer(errors.New("the server's answer is not a region"))
	case region != "":
		return region, nil
	case code == http.StatusNotFound:
		return "", missing(code)
	case MayPass(code):
		return "", answered(code).again(retryAfter(response.Header, time.Now()))
	}
	return "", answered(code)
}

// isRegion keeps an answer from naming another host.
func isRegion(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// bucketAddress is where a bucket's objects are. A name that is not one label of a host name goes into the path: the
// certificate of the service covers one label.
func bucketAddress(bucket, region string, dualStack bool) *url.URL {
	service := "s3."
	if dualStack {
		service = "s3.dualstack."
	}
	host := service + region + "." + domainOf(region)
	if isLabel(bucket) {
		return &url.URL{Scheme: "https", Host: bucket + "." + host, Path: "/"}
	}
	return escapedPath("https", host, "/"+bucket+"/")
}

// objectAddress is where one object is, by IPv4 or IPv6.
func objectAddress(o source.S3, region string) (*url.URL, error) {
	address := bucketAddress(o.Bucket, region, true)
	if arn, isPoint := strings.CutPrefix(o.Bucket, "arn:"); isPoint {
		parts := strings.SplitN(arn, ":", 5) // partition, service, region, account, accesspoint/name
		if len(parts) < 5 {
			return nil, errors.New("not the ARN of an access point")
		}
		label := strings.TrimPrefix(parts[4], "accesspoint/") + "-" + parts[3]
		if !isRegion(region) || !isLabel(label) {
			return nil, errors.New("the access point's name, account or region is not one")
		}
		address = &url.URL{Scheme: "https",
			Host: label + ".s3-accesspoint.dualstack." + region + "." + domainOf(region), Path: "/"}
	}
	address = escapedPath(address.Scheme, address.Host, address.Path+o.Key)
	if o.VersionID != "" {
		address.RawQuery = url.Values{"versionId": {o.VersionID}}.Encode()
	}
	return address, nil
}

// isLabel tells whether a name can be one label of a host name.
func isLabel(name string) bool {
	return len(name) >= 3 && len(name) <= 63 && name[0] != '-' && name[len(name)-1] != '-' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// escapedPath is a URL whose path has all escapes that signatures count on: of everything but letters, digits, -._~ and
// /.
func escapedPath(scheme, host, path string) *url.URL {
	return &url.URL{Scheme: scheme, Host: host, Path: path, RawPath: percent(path, "/")}
}

// percent escapes all but unreserved characters (RFC 3986) and those kept.
func percent(text, kept string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~"+kept, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString(string([]byte{'%', digits[c>>4], digits[c&15]}))
		}
	}
	return b.String()
}

// sign puts a signature onto a request without a body.
func sign(ctx context.Context, r *http.Request, keys aws.Credentials, region string, now time.Time) error {
	nothing := sha256.Sum256(nil)
	sum := hex.EncodeToString(nothing[:])
	r.Header.Set("X-Amz-Content-Sha256", sum)
	return v4.NewSigner(func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = true
	}).SignHTTP(ctx, keys, r, sum, "s3", region, now)
}

// s3Refused is the error of a status with the service's code for what is wrong, such as AccessDenied or
// RequestTimeTooSkewed; "" for none.
func s3Refused(status int, code string) *Error {
	err := answered(status)
	if code != "" {
		err.Err = fmt.Errorf("%w: %s", err.Err, code)
	}
	if code == "AccessDenied" {
		err.Err = diag.WithHint(err.Err, hintObject)
	}
	return err
}

// s3Code reads the code from an answer. Nothing else of it is told.
func s3Code(body io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(body, 4<<10))
	_, rest, found := bytes.Cut(text, []byte("<Code>"))
	code, _, ended := bytes.Cut(rest, []byte("</Code>"))
	if !found || !ended || len(code) > 64 ||
		strings.Trim(strings.ToLower(string(code)), "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return string(code)
}
