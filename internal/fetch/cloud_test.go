package fetch

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An issuer makes certificates.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(50, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &issuer{certificate, key}
}

// issue makes a certificate for a host and a time.
func (i *issuer) issue(host string, from, to time.Time) (*tls.Certificate, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, i.certificate, &i.key.PublicKey, i.key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: i.key}, err
}

// internet has a client reach one server under whatever name it asks for; a service of the machine itself, under http.
func internet(t *testing.T, c *Client, handler http.HandlerFunc) {
	t.Helper()
	ca := newIssuer(t)
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return ca.issue(hello.ServerName, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	}}
	server.Config.ErrorLog = discard
	server.StartTLS()
	t.Cleanup(server.Close)
	c.roots = []*x509.Certificate{ca.certificate}
	c.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, "127.0.0.1:") {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
}

// scripted answers requests by "METHOD host/path?query" and notes them.
type scripted struct {
	answers map[string]http.HandlerFunc
	asked   []string
	last    http.Header
}

func (s *scripted) serve(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + r.Host + r.URL.RequestURI()
	s.asked, s.last = append(s.asked, what), r.Header.Clone()
	if answer := s.answers[what]; answer != nil {
		answer(w, r)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func status(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); _, _ = io.WriteString(w, text) }
}

func inRegion(region string, code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Bucket-Region", region)
		w.WriteHeader(code)
	}
}

func TestWhereObjectsOfAmazonAre(t *testing.T) {
	for name, test := range map[string]struct {
		url, head, region, get string
	}{
		"a bucket": {"s3://bucket/a/b", "bucket.s3.us-east-1.amazonaws.com/", "eu-west-1",
			"bucket.s3.dualstack.eu-west-1.amazonaws.com/a/b"},
		"slashes before the key": {"s3://bucket///a", "bucket.s3.us-east-1.amazonaws.com/", "eu-west-1",
			"bucket.s3.dualstack.eu-west-1.amazonaws.com/a"},
		"a version": {"s3://bucket/a?versionId=v%2F1", "bucket.s3.us-east-1.amazonaws.com/", "eu-west-1",
			"bucket.s3.dualstack.eu-west-1.amazonaws.com/a?versionId=v%2F1"},
		"a key with characters that need escapes": {"s3://bucket/a%20b+c%C3%A9=(%2B)",
			"bucket.s3.us-east-1.amazonaws.com/", "eu-west-1",
			"bucket.s3.dualstack.eu-west-1.amazonaws.com/a%20b%2Bc%C3%A9%3D%28%2B%29"},
		"a name with dots goes into the path": {"s3://my.bucket/a", "s3.us-east-1.amazonaws.com/my.bucket/",
			"eu-west-1", "s3.dualstack.eu-west-1.amazonaws.com/my.bucket/a"},
		"so does one in capitals": {"s3://Bucket/a", "s3.us-east-1.amazonaws.com/Bucket/", "eu-west-1",
			"s3.dualstack.eu-west-1.amazonaws.com/Bucket/a"},
		"and a short one": {"s3://b/a", "s3.us-east-1.amazonaws.com/b/", "eu-west-1",
			"s3.dualstack.eu-west-1.amazonaws.com/b/a"},
		"an ARN": {"arn:aws:s3:::bucket/a/b", "bucket.s3.us-east-1.amazonaws.com/", "eu-west-1",
			"bucket.s3.dualstack.eu-west-1.amazonaws.com/a/b"},
		"an ARN of China": {"arn:aws-cn:s3:::bucket/a", "bucket.s3.cn-north-1.amazonaws.com.cn/", "cn-northwest-1",
			"bucket.s3.dualstack.cn-northwest-1.amazonaws.com.cn/a"},
		"an ARN of the US government": {"arn:aws-us-gov:s3:::bucket/a", "bucket.s3.us-gov-west-1.amazonaws.com/",
			"us-gov-east-1", "bucket.s3.dualstack.us-gov-east-1.amazonaws.com/a"},
		"an ARN of a partition without a hint": {"arn:aws-iso:s3:::bucket/a", "bucket.s3.us-east-1.amazonaws.com/",
			"us-iso-east-1", "bucket.s3.dualstack.us-iso-east-1.c2s.ic.gov/a"},
		"an access point is asked for at once": {
			"arn:aws:s3:us-west-2:123456789012:accesspoint/point/object/a/b", "", "",
			"point-123456789012.s3-accesspoint.dualstack.us-west-2.amazonaws.com/a/b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := quiet()
			s := &scripted{answers: map[string]http.HandlerFunc{"HEAD " + test.head: inRegion(test.region, 403),
				"GET " + test.get: says("object")}}
			internet(t, c, s.serve)
			got, err := c.Bytes(t.Context(), Resource{URL: test.url, Digest: sha512Of("object")}, 10)
			require.NoError(t, err, s.asked)
			assert.Equal(t, "object", string(got))
			asked := []string{"HEAD " + test.head, "GET " + test.get}
			if test.head == "" {
				asked = asked[1:]
			}
			assert.Equal(t, asked, s.asked)
			assert.Empty(t, s.last.Get("Authorization"))
		})
	}
}

// The peer's client of Amazon's gives up by itself, so objects are not waited for without end where a config has no
// limit.
func TestObjectsOfAmazonAreNotWaitedForWithoutEnd(t *testing.T) {
	for _, url := range []string{"s3://bucket/a", "arn:aws:s3:::bucket/a",
		"arn:aws:s3:eu-west-1:123456789012:accesspoint/ap/object/a"} {
		for total, want := range map[time.Duration]time.Duration{0: DefaultOtherTotal,
			7 * time.Second: 7 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				c, _ := quiet()
				c.dial = func(context.Context, string, string) (net.Conn, error) { return nil, errRefused }
				require.NoError(t, c.Configure(t.Context(), Settings{Total: total}))
				start := time.Now()
				_, err := c.Fetch(t.Context(), Resource{URL: url}, io.Discard)
				require.ErrorIs(t, err, errRefused, url)
				require.ErrorContains(t, err, "could not be fetched in time ("+want.String())
				assert.Equal(t, want, time.Since(start), url)
			})
		}
	}
}

func TestObjectsOfAmazonCanBeCompressed(t *testing.T) {
	c, _ := quiet()
	s := &scripted{answers: map[string]http.HandlerFunc{
		"HEAD bucket.s3.us-east-1.amazonaws.com/":           inRegion("us-east-1", 200),
		"GET bucket.s3.dualstack.us-east-1.amazonaws.com/a": says(string(zipped("object"))),
	}}
	internet(t, c, s.serve)
	got, err := c.Bytes(t.Context(), Resource{URL: "s3://bucket/a", Gzip: true}, 10)
	require.NoError(t, err)
	assert.Equal(t, "object", string(got))
}

func TestWhatAmazonRefuses(t *testing.T) {
	const head, get = "HEAD bucket.s3.us-east-1.amazonaws.com/", "GET bucket.s3.dualstack.us-east-1.amazonaws.com/a"
	here := inRegion("us-east-1", 200)
	for name, test := range map[string]struct {
		answers map[string]http.HandlerFunc
		err     string
		missing bool
	}{
		"a bucket that is not there": {nil, "s3://bucket/a: bucket: not found", true},
		"a bucket without a region": {map[string]http.HandlerFunc{head: status(403, "")},
			"region of the bucket: the server answered 403 Forbidden", false},
		"a region that would be another host": {map[string]http.HandlerFunc{head: inRegion("evil.test/?", 200)},
			"the server's answer is not a region", false},
		"an object that is not there": {map[string]http.HandlerFunc{head: here}, "s3://bucket/a: not found", true},
		"an object that is not for us": {map[string]http.HandlerFunc{head: here,
			get: status(403, "<Error><Code>AccessDenied</Code><X>secret</X>")}, "403 Forbidden: AccessDenied", false},
		"an answer that is not what it should": {map[string]http.HandlerFunc{head: here,
			get: status(400, "<Code>sec ret secret</Code>")}, "400 Bad Request", false},
	} {
		t.Run(name, func(t *testing.T) {
			c, log := quiet()
			internet(t, c, (&scripted{answers: test.answers}).serve)
			_, err := c.Fetch(t.Context(), Resource{URL: "s3://bucket/a"}, io.Discard)
			require.ErrorContains(t, err, test.err)
			assert.Equal(t, test.missing, KindOf(err) == KindMissing)
			assert.NotContains(t, err.Error()+log.String(), "secret")
		})
	}
}

// imdsOf is the metadata service of an instance with a role. version 1 knows no tokens.
func imdsOf(t *testing.T, version int, role bool) *httptest.Server {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && version == 2 {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
			_, _ = io.WriteString(w, "imds-secret")
			return
		}
		if version == 2 && r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		const path = "/latest/meta-data/iam/security-credentials/"
		switch {
		case r.URL.Path == "/latest/dynamic/instance-identity/document":
			_, _ = io.WriteString(w, `{"region":"ap-south-1"}`)
		case role && r.URL.Path == path:
			_, _ = io.WriteString(w, "web")
		case role && r.URL.Path == path+"web":
			fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"key-secret",`+
				`"Token":"session-secret","Expiration":"%s"}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
}

// signed is what Signature Version 4 makes of a request, written from its description and not with the code under test.
func signed(r *http.Request, region string) string {
	_, credentials, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	names, _, _ := strings.Cut(credentials, ",")
	date := r.Header.Get("X-Amz-Date")
	canonical := r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.RawQuery + "\n"
	for name := range strings.SplitSeq(names, ";") {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		canonical += name + ":" + value + "\n"
	}
	canonical += "\n" + names + "\n" + r.Header.Get("X-Amz-Content-Sha256")
	scope := date[:8] + "/" + region + "/s3/aws4_request"
	sum := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4key-secret")
	for _, part := range append(strings.Split(scope, "/"),
		"AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hex.EncodeToString(sum[:])) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return fmt.Sprintf("AWS4-HMAC-SHA256 Credential=AKID/%s, SignedHeaders=%s, Signature=%x", scope, names, key)
}

func TestInstancesOfAmazonAskInTheNameOfTheirRole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version  int
		role     bool
		platform string
		region   string // known before
		head     string
		signed   bool
	}{
		"with a role":                          {2, true, "aws", "", "ap-south-1", true},
		"with a role of the older service":     {1, true, "aws", "", "ap-south-1", true},
		"without one anonymously":              {2, false, "aws", "", "ap-south-1", false},
		"with the region that they know":       {2, true, "aws", "us-west-1", "us-west-1", true},
		"and nobody else does, role or not":    {2, true, "metal", "", "us-east-1", false},
		"even where a region is known, nor so": {2, true, "metal", "us-west-1", "us-west-1", false},
		"by IPv6 where nobody is at IPv4":      {6, true, "aws", "us-west-1", "us-west-1", true},
	} {
		t.Run(name, func(t *testing.T) {
			c, log := quiet()
			// which would be an error
			c.metadata, c.metadataV6 = imdsOf(t, test.version, test.role).URL, "http://v6.test"
			if test.version == 6 {
				c.metadata, c.metadataV6 = "http://127.0.0.1:1", imdsOf(t, 2, test.role).URL
			}
			c.Machine = Machine{Platform: test.platform, Region: test.region}
			var got, want string
			s := &scripted{answers: map[string]http.HandlerFunc{
				"HEAD bucket.s3." + test.head + ".amazonaws.com/": inRegion("eu-west-1", 200),
				"GET bucket.s3.dualstack.eu-west-1.amazonaws.com/a%20b?versionId=1": func(w http.ResponseWriter,
					r *http.Request) {
					if got = r.Header.Get("Authorization"); got != "" {
						want = signed(r, "eu-west-1")
						assert.Equal(t, "session-secret", r.Header.Get("X-Amz-Security-Token"))
						assert.Contains(t, got, "x-amz-security-token")
					}
					_, _ = io.WriteString(w, "object")
				},
			}}
			internet(t, c, s.serve)
			_, err := c.Fetch(t.Context(), Resource{URL: "s3://bucket/a%20b?versionId=1"}, io.Discard)
			require.NoError(t, err, s.asked)
			assert.Equal(t, want, got)
			assert.Equal(t, test.signed, got != "")
			assert.NotContains(t, log.String(), "secret")
			assert.NotContains(t, log.String(), "v6.test", "a service that has answered is not asked elsewhere")
		})
	}
}

// A machine whose clock is wrong takes the time of the service, as its signatures are refused otherwise.
func TestSignaturesAreMadeByTheClockOfTheService(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code string
		err  string
	}{
		"a clock that is wrong":  {"RequestTimeTooSkewed", ""},
		"and is not the problem": {"AccessDenied", "403 Forbidden: AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := quiet()
			c.metadata, c.Machine = imdsOf(t, 2, true).URL, Machine{Platform: "aws", Region: "eu-west-1"}
			later, asked := time.Now().Add(48*time.Hour).UTC(), 0
			internet(t, c, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", later.Format(http.TimeFormat))
				if r.Method == http.MethodHead {
					inRegion("eu-west-1", 200)(w, r)
					return
				}
				asked++
				at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
				require.NoError(t, err)
				if at.Before(later.Add(-15 * time.Minute)) {
					status(403, "<Error><Code>"+test.code+"</Code></Error>")(w, r)
					return
				}
				assert.Equal(t, signed(r, "eu-west-1"), r.Header.Get("Authorization"))
				_, _ = io.WriteString(w, "object")
			})
			_, err := c.Fetch(t.Context(), Resource{URL: "s3://bucket/a"}, io.Discard)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				assert.Equal(t, []string{hintObject}, diag.Hints(err))
				assert.Equal(t, 1, asked)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, 2, asked)
		})
	}
}

func TestEachAttemptIsSignedAnewAndTheRestToo(t *testing.T) {
	t.Parallel()
	content := noise(5 * chunkSize)
	c, _ := quiet()
	c.metadata, c.Machine = imdsOf(t, 2, true).URL, Machine{Platform: "aws", Region: "eu-west-1"}
	asked := []string{}
	internet(t, c, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.Method == http.MethodHead {
			inRegion("eu-west-1", 200)(w, r)
			return
		}
		assert.Equal(t, signed(r, "eu-west-1"), r.Header.Get("Authorization"))
		asked = append(asked, r.Header.Get("Range"))
		if r.Header.Get("Range") != "" {
			honest(w, r, content, 300_000)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:300_000])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	_, err := c.Fetch(t.Context(), Resource{URL: "s3://bucket/a", Digest: digestOf(content)}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{"", "bytes=300000-"}, asked)
}

func TestTheRegionOfAnInstanceIsAskedForOnce(t *testing.T) {
	c, _ := quiet()
	service := imdsOf(t, 2, false)
	c.metadata = service.URL
	region, err := c.InstanceRegion(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "ap-south-1", region)
	service.Close()
	region, err = c.InstanceRegion(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "ap-south-1", region)
	c, _ = quiet()
	c.Machine.Region = "eu-west-1"
	region, err = c.InstanceRegion(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", region)
}

func TestObjectsOfGoogle(t *testing.T) {
	const accounts = "/computeMetadata/v1/instance/service-accounts/default/"
	good := `{"access_token":"token-secret","expires_in":3600,"token_type":"Bearer"}`
	for name, test := range map[string]struct {
		scopes, token string // "" for status 404
		answer        http.HandlerFunc
		authorization string
		err           string
	}{
		"with a service account":  {"a\nb\n", good, says("object"), "Bearer token-secret", ""},
		"without one anonymously": {"", "", says("object"), "", ""},
		"a token that is empty": {"a", `{"access_token":"","expires_in":3600}`, nil, "",
			"token of this machine's service account: a token that is empty"},
		"a token that has expired": {"a", `{"access_token":"secret","expires_in":0}`, nil, "",
			"a token that is empty or has expired"},
		"a token that is not one": {"a", `secret`, nil, "", "not a token in JSON"},
		"a token with a line break": {"a", `{"access_token":"secret\nX: y","expires_in":1}`, nil, "",
			"a character that headers cannot hold"},
		"no token for the account":            {"a", "", nil, "", "token of this machine's service account: "},
		"an object that is not there":         {"", "", status(404, ""), "", "gs://bucket/a/b%20c: not found"},
		"an object that is for somebody else": {"a", good, status(403, ""), "Bearer token-secret", "403 Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			service := serve(t, func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "Google", r.Header.Get("Metadata-Flavor"))
				text := map[string]string{accounts + "scopes": test.scopes, accounts + "token": test.token}[r.URL.Path]
				if r.URL.Path == accounts+"token" {
					assert.Equal(t, "https://www.googleapis.com/auth/devstorage.read_only", r.URL.Query().Get("scopes"))
				}
				if text == "" {
					w.WriteHeader(http.StatusNotFound)
				}
				_, _ = io.WriteString(w, text)
			})
			t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(service.URL, "http://"))
			c, log := quiet()
			s := &scripted{answers: map[string]http.HandlerFunc{
				"GET storage.googleapis.com/storage/v1/b/bucket/o/a%2Fb%20c?alt=media": test.answer}}
			internet(t, c, s.serve)
			_, err := c.Fetch(t.Context(), Resource{URL: "gs://bucket/a/b%20c", Digest: sha512Of("object")}, io.Discard)
			assert.Equal(t, test.authorization, s.last.Get("Authorization"))
			assert.NotContains(t, log.String(), "secret")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				assert.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestBlobsOfAzure(t *testing.T) {
	const blob = "GET account.blob.core.windows.net/box/blob"
	good := `{"access_token":"token-secret","expires_in":"3599","token_type":"Bearer"}`
	denied := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "blob")
	}
	badly := func(w http.ResponseWriter, r *http.Request) {
		text := strings.Repeat("other", chunkSize)
		if r.Header.Get("Authorization") == "" {
			text = "blob"
		}
		_, _ = io.WriteString(w, text)
	}
	for name, test := range map[string]struct {
		platform, url string
		token         http.HandlerFunc
		answers       map[string]http.HandlerFunc
		asked         []string
		authorized    bool // the last request
	}{
		"with the identity of the machine": {"azure", "https://account.blob.core.windows.net/box/blob?sig=secret",
			says(good), map[string]http.HandlerFunc{blob: says("blob")}, []string{blob}, true},
		"as any other URL where that is refused": {
			"azure", "https://account.blob.core.windows.net/box/blob?sig=secret",
			says(good), map[string]http.HandlerFunc{blob: denied, blob + "?sig=secret": denied},
			[]string{blob, blob + "?sig=secret"}, false,
		},
		"from the beginning where that brought something else": {
			"azure", "https://account.blob.core.windows.net/box/blob", says(good),
			map[string]http.HandlerFunc{blob: badly}, []string{blob, blob}, false,
		},
		"as any other URL without an identity": {
			"azure", "https://account.blob.core.windows.net/box/blob", status(400, `{"error":"secret"}`),
			map[string]http.HandlerFunc{blob: says("blob")}, []string{blob}, false,
		},
		"as any other URL on other platforms": {"metal", "https://account.blob.core.windows.net/box/blob", says(good),
			map[string]http.HandlerFunc{blob: says("blob")}, []string{blob}, false},
		"as any other URL if the path has more parts": {
			"azure", "https://account.blob.core.windows.net/box/a/b",
			says(good), map[string]http.HandlerFunc{"GET account.blob.core.windows.net/box/a/b": says("blob")},
			[]string{"GET account.blob.core.windows.net/box/a/b"}, false,
		},
		"as any other URL elsewhere": {"azure", "https://blob.core.windows.net.test/box/blob",
			says(good), map[string]http.HandlerFunc{"GET blob.core.windows.net.test/box/blob": says("blob")},
			[]string{"GET blob.core.windows.net.test/box/blob"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			probes := 0
			service := serve(t, func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "/metadata/identity/oauth2/token", r.URL.Path)
				if r.Header.Get("Metadata") == "" {
					probes++
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				assert.Equal(t, url.Values{"api-version": {"2018-02-01"}, "resource": {"https://storage.azure.com"}},
					r.URL.Query())
				test.token(w, r)
			})
			c, log := quiet()
			c.metadata, c.Machine.Platform = service.URL, test.platform
			s := &scripted{answers: test.answers}
			internet(t, c, s.serve)
			got, err := c.Bytes(t.Context(),
				Resource{URL: test.url, Headers: []Header{{"X-Own", "secret"}}, Digest: sha512Of("blob")}, 100<<20)
			require.NoError(t, err, log.String())
			assert.Equal(t, "blob", string(got))
			assert.Equal(t, test.asked, s.asked)
			assert.Equal(t, test.authorized, s.last.Get("Authorization") == "Bearer token-secret")
			assert.Equal(t, !test.authorized, s.last.Get("X-Own") != "",
				"the config's headers are for the plain request")
			assert.NotContains(t, log.String(), "secret")
			if test.authorized {
				assert.Equal(t, "2026-06-06", s.last.Get("X-Ms-Version"))
			}
		})
	}
}

func TestTokensOfAzure(t *testing.T) {
	const good = `{"access_token":"token-secret","expires_in":"3599","token_type":"Bearer"}`
	for name, test := range map[string]struct {
		statuses []int // one after the other, the last for ever
		probe    time.Duration
		id       string
		asked    int
		err      string
	}{
		"at once":                          {[]int{200}, 0, "", 1, ""},
		"of one of several identities":     {[]int{200}, 0, "an id", 1, ""},
		"after a while":                    {[]int{404, 410, 429, 500, 503, 200}, 0, "", 6, ""},
		"never":                            {[]int{429}, 0, "", 6, "the server answered 429 Too Many Requests"},
		"not without an identity":          {[]int{400}, 0, "", 1, "the server answered 400 Bad Request"},
		"not where nobody answers at once": {[]int{200}, 2 * time.Second, "", 0, "nobody there who gives any"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AZURE_CLIENT_ID", test.id)
			synctest.Test(t, func(t *testing.T) {
				c, log := quiet()
				c.metadata = "http://metadata.test"
				asked := 0
				defer inMemory(c, func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Metadata") == "" {
						time.Sleep(test.probe)
						w.WriteHeader(http.StatusBadRequest)
						return
					}
					assert.Equal(t, test.id, r.URL.Query().Get("client_id"))
					assert.Equal(t, test.id != "", r.URL.Query().Has("client_id"))
					w.WriteHeader(test.statuses[min(asked, len(test.statuses)-1)])
					asked++
					_, _ = io.WriteString(w, good)
				})()
				got, err := c.azureToken(t.Context())
				assert.Equal(t, test.asked, asked)
				assert.NotContains(t, log.String(), "secret")
				if test.err != "" {
					require.ErrorContains(t, err, test.err)
					assert.NotContains(t, err.Error(), "secret")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, "Bearer token-secret", got.header())
			})
		})
	}
}

func TestCertificatesAreJudgedByTheLatestClock(t *testing.T) {
	t.Parallel()
	now := time.Now()
	year := func(n int) time.Time { return now.AddDate(n, 0, 0) }
	for name, test := range map[string]struct {
		from, to time.Time
		clock    Clock
		host     string
		errs     []string // none for success
		hint     string
	}{
		"valid by the machine's clock":     {year(-1), year(1), Clock{Built: year(-2)}, "config.test", nil, ""},
		"valid when the program was built": {year(2), year(4), Clock{Built: year(3)}, "config.test", nil, ""},
		"valid when the image was made": {year(2), year(4), Clock{Built: year(1), Epoch: year(3)}, "config.test", nil,
			""},
		"expired by the machine's clock": {year(-2), year(-1), Clock{}, "config.test",
			[]string{"certificate has expired", "is from this machine's clock"}, hintClock},
		"not valid yet": {year(1), year(2), Clock{}, "config.test",
			[]string{"not yet valid", "is from this machine's clock"}, hintClock},
		"expired when the program was built": {year(-1), year(1), Clock{Built: year(2)},
			"config.test", []string{"is from the date that this program was built, as this machine's clock says " +
				now.UTC().Format("2006-01-02")}, hintClock},
		"expired when the image was made": {year(-1), year(1), Clock{Built: year(1), Epoch: year(2)}, "config.test",
			[]string{"is from the date of /usr/lib/clock-epoch"}, hintClock},
		"for another host: that is not the clock's": {year(-1), year(1), Clock{}, "other.test",
			[]string{"certificate is valid for other.test, not config.test"}, hintHost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := newIssuer(t)
			server := httptest.NewUnstartedServer(says("config"))
			leaf, err := ca.issue(test.host, test.from, test.to)
			require.NoError(t, err)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{*leaf}}
			server.Config.ErrorLog = discard
			server.StartTLS()
			t.Cleanup(server.Close)
			c, log := quiet()
			c.Clock, c.roots = test.clock, []*x509.Certificate{ca.certificate}
			c.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
			}
			require.NoError(t, c.Configure(t.Context(), Settings{Total: 3 * time.Second}))
			_, err = c.Fetch(t.Context(), Resource{URL: "https://config.test/"}, io.Discard)
			if test.errs == nil {
				require.NoError(t, err)
				return
			}
			for _, part := range append(slices.Clone(test.errs), "could not be fetched in time") {
				require.ErrorContains(t, err, part)
			}
			assert.Equal(t, []string{test.hint}, diag.Hints(err))
			assert.Contains(t, log.String(), "attempt #2", "a clock may be set meanwhile")
			if test.host == "other.test" {
				assert.NotContains(t, err.Error(), "clock")
			}
		})
	}
}

// newTLS is the address of a server whose authority nobody knows.
func newTLS(t *testing.T) string {
	server := httptest.NewUnstartedServer(says("text"))
	server.Config.ErrorLog = discard
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func TestAServiceThatGivesNoTokenIsNotWaitedForWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := quiet()
		c.metadata, c.Machine.Platform = "http://metadata.test", "azure"
		stop := inMemory(c, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Metadata") != "" {
				<-r.Context().Done()
			}
		})
		defer stop()
		start := time.Now()
		_, err := c.azureToken(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Less(t, time.Since(start), 3*time.Minute)
		assert.Empty(t, log.String())
	})
}
