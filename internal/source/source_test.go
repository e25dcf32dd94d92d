package source_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// never is a minor version that does not come.
const never = config.Newest + 1

func TestCheckTakesSchemesByVersion(t *testing.T) {
	for raw, since := range map[string]config.Version{
		"http://x/y": 0, "https://x": 0, "HTTP://x": 0, "tftp://h/p": 0, "s3://b/k": 0, "s3://b/k?versionId=v": 0,
		"data:,x":  0,
		"gs://b/o": 2, "GS://b/o": 2, "gs:": 2,
		"arn:aws:s3:::b/k": 4, "ARN:aws:s3:::b/k": 4, "arn:aws:s3:us-east-1:1:accesspoint/a/object/k": 4,
		"file:///x": never, "oem:///x": never, "ftp://x": never, "zz://": never, "foo": never, "/etc/x": never,
		"//h/p": never,
	} {
		for minor := range never {
			fault := source.Check(raw, minor)
			assert.Equal(t, minor < since, fault != nil, "%s at 3.%d: %v", raw, minor, fault)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct{ claim, raw, code, hint string }{
		{"a scheme that is too new", "gs://b/o", "url-scheme-version", "set ignition.version to 3.2.0 or newer"},
		{"an ARN in 3.1", "arn:aws:s3:::b/k", "url-scheme-version", "set ignition.version to 3.4.0 or newer"},
		{"a local file", "file:///x", "url-scheme", "put the content into the config"},
		{"a relative URL", "a/b", "url-no-scheme", "starts with one of http, https, tftp, s3 and data"},
		{"a name and a password without a scheme", "user:hunter2@host", "url-scheme", "starts with one of"},
		{"a URL that starts with a colon", "://x", "url-no-scheme", "a URL starts like https://"},
		{"a space before the URL", " http://x", "url-no-scheme", "take the space off the start"},
		{"a space in the host", "http://a b", "url-host", "a host name has no spaces"},
		{"a bad byte in the host", "http://a^b", "url-host", ""},
		{"an escape in the host", "http://a%41b", "url-escape", "write the host name without escapes"},
		{"a bad escape in the path", "http://a/%zz", "url-escape", "write % itself as %25"},
		{"a bad escape in the fragment", "http://a/#%zz", "url-escape", "write % itself as %25"},
		{"a bad port", "http://a:b/", "url-port", "host:port"},
		{"a bad port after an address", "http://[::1]:b/", "url-port", "host:port"},
		{"text after an address", "http://[::1]b/", "url-port", "host:port"},
		{"an address without brackets", "http://2001:db8::1/", "url-host", "put an IPv6 address into brackets"},
		{"an unclosed bracket", "http://[::1/", "url-host", "[address]:port"},
		{"brackets around IPv4", "http://[127.0.0.1]/", "url-host", "only an IPv6 address"},
		{"brackets in the middle", "http://a[::1]/", "url-host", "only an IPv6 address"},
		{"a bad byte in the password", "http://u:p^w@h/", "url-userinfo", "escape such bytes"},
		{"a newline at the end", "http://a/\n", "url-control", "take it off the end"},
		{"a tab", "http://a/\tb", "url-control", "a tab in a URL must be %09"},
		{"a DEL", "http://a/\x7f", "url-control", "must be %7F"},
		{"a version without a value", "s3://b/k?versionId=", "s3-version", "leave versionId out"},
		{"a version whose first value is empty", "s3://b/k?versionId=&versionId=1", "s3-version",
			"leave versionId out"},
		{"data: in capitals", "DATA:,x", "data-prefix", "write data: in lower case"},
	} {
		fault := source.Check(c.raw, 1)
		require.NotNil(t, fault, c.claim)
		assert.Equal(t, c.code, string(fault.Code), c.claim)
		assert.Contains(t, fault.Hint, c.hint, c.claim)
		assert.LessOrEqual(t, fault.At, len(c.raw), c.claim)
	}
}

func TestCheckTakesWhatThePeerTakes(t *testing.T) {
	for _, raw := range []string{
		"http:", "http://", "gs:", "s3://", "s3:", "http://h:/", "http://h:99999/", "http://h/a b", "http://h/?a b",
		"http://h/?%zz",
		"http://u:p@h/", "http://u:p@@h/", "http://[fe80::1%25en0]/", "http://h/#\n", "s3://b/k?versionId=1&versionId=",
		"s3://b/k?versionid=", "http://h/?versionId=", "arn:aws:s3:::b/k?versionId=3", "arn:a/b:s3:::b", "arn::s3:::/",
	} {
		assert.Nil(t, source.Check(raw, 7), raw)
	}
}

func TestCheckARN(t *testing.T) {
	for raw, code := range map[string]string{
		"arn:aws:s3:::b/k": "", "arn:aws:s3:::b/": "", "arn:aws:s3:::/k": "", "arn:aws:s3:r:1:b/k:with:colons": "",
		"arn:aws:s3:us-east-1:1:accesspoint/a/object/k": "", "arn:aws:s3:us-east-1:1:accesspoint/a/b": "",
		"arn:aws:s3:::b/%zz":                   "",
		"arn:aws:s3:us-east-1:1:accesspoint/a": "arn-key", "arn:aws:s3:::b": "arn-key", "arn:aws:s3:::b#/k": "arn-key",
		"arn:aws:s3:::b?/k": "arn-key",
		"arn:aws:ec2:::b/k": "arn-service", "arn:aws:S3:::b/k": "arn-service",
		"arn:foo": "arn-form", "arn:": "arn-form", "arn:/aws:s3:::b/k": "arn-form", "arn:aws:s3::b/k": "arn-form",
		"arn:aws:s3:::b/k?versionId=": "s3-version",
	} {
		fault := source.Check(raw, 4)
		if code == "" {
			assert.Nil(t, fault, raw)
		} else if assert.NotNil(t, fault, raw) {
			assert.Equal(t, code, string(fault.Code), raw)
		}
	}
	fault := source.Check("arn:aws:ec2:::b/k", 4)
	assert.Equal(t, len("arn:aws:"), fault.At)
}

func TestScheme(t *testing.T) {
	for raw, want := range map[string]string{
		"HTTP://x": "http", "https:": "https", "data:anything at all": "data", "DATA:,": "data", "a/b": "", "": "",
		"arn:x": "arn",
	} {
		scheme, ok := source.Scheme(raw)
		assert.True(t, ok, raw)
		assert.Equal(t, want, scheme, raw)
	}
	_, ok := source.Scheme("http://a b")
	assert.False(t, ok)
}

func TestCheckProxy(t *testing.T) {
	for raw, code := range map[string]string{
		"http://proxy:3128": "", "https://u:p@proxy": "", "HTTP://p": "", "http://": "",
		"": "proxy-scheme", "ftp://x": "proxy-scheme", "proxy:3128": "proxy-scheme", "socks5://p": "proxy-scheme",
		"data:,x":    "proxy-scheme",
		"http://a b": "url-host", "http://p:x": "url-port",
	} {
		fault := source.CheckProxy(raw)
		if code == "" {
			assert.Nil(t, fault, raw)
		} else if assert.NotNil(t, fault, raw) {
			assert.Equal(t, code, string(fault.Code), raw)
		}
	}
}

func TestWarnURL(t *testing.T) {
	for raw, code := range map[string]string{
		"http://h": "", "https://h/p": "", "tftp://h/p": "", "gs://b/o": "", "s3://b/k": "", "data:,": "",
		"arn:aws:s3:::b/k":                      "",
		"arn:aws:s3:r:1:accesspoint/a/object/k": "",
		"http:":                                 "url-no-host", "http://": "url-no-host", "http://:80/": "url-no-host",
		"http:h/p":   "url-no-host",
		"https:///p": "url-no-host",
		"gs:":        "url-no-host", "gs://": "url-no-host", "s3://": "url-no-host", "s3:b/k": "url-no-host",
		"arn:aws:s3:::/k": "url-no-host",
		"gs://b":          "url-no-path", "tftp://h/": "url-no-path", "s3://b/": "url-no-path",
		"arn:aws:s3:::b/":                "url-no-path",
		"arn:aws:s3:r:1:accesspoint/a/b": "arn-access-point", "arn:aws:s3:::accesspoint/a/object/k": "arn-access-point",
	} {
		require.Nil(t, source.Check(raw, 7), raw)
		fault := source.WarnURL(raw)
		if code == "" {
			assert.Nil(t, fault, raw)
		} else if assert.NotNil(t, fault, raw) {
			assert.Equal(t, code, string(fault.Code), raw)
		}
	}
}

func TestParseS3(t *testing.T) {
	for raw, want := range map[string]source.S3{
		"s3://bucket/a/b":                {Bucket: "bucket", Key: "a/b"},
		"s3://bucket//a%20b?versionId=7": {Bucket: "bucket", Key: "a b", VersionID: "7"},
		"arn:aws-cn:s3:::bucket/a%20b":   {Bucket: "bucket", Key: "a%20b", Partition: "aws-cn"},
		"arn:aws:s3:eu-west-1:12:accesspoint/ap/object/a/b:c?versionId=7": {
			Bucket: "arn:aws:s3:eu-west-1:12:accesspoint/ap", Key: "a/b:c", VersionID: "7", Region: "eu-west-1",
			Partition: "aws",
		},
	} {
		got, err := source.ParseS3(raw)
		require.NoError(t, err, raw)
		assert.Equal(t, want, got, raw)
	}
	for _, raw := range []string{"http://b/k", "s3://b", "arn:aws:ec2:::b/k", "s3://a b/", "s3://b/k?versionId="} {
		_, err := source.ParseS3(raw)
		assert.Error(t, err, raw)
	}
}

func TestRedact(t *testing.T) {
	for raw, want := range map[string]string{
		"https://h:1/a/b%20c":                 "https://h:1/a/b%20c",
		"https://user:pw@h/a?sig=s&tok&x=#fr": "https://…@h/a?sig=…&…&…#…",
		"https://user@h/":                     "https://…@h/",
		"http://user:pw@/x":                   "http://…@/x",
		"http:user:pw@h":                      "http:…",
		"s3://b/k?versionId=7":                "s3://b/k?versionId=…",
		"arn:aws:s3:::b/k":                    "arn:aws:s3:::b/k",
		"data:,secret":                        "data:,…",
		"data:text/plain,secret":              "data:text/plain,…",
		"data:text/plain;a=secret;base64,eA":  "data:text/plain;base64,…",
		"data:secret":                         "data:,…",
		"data:secret/secret,":                 "data:,…",
		"http://u:secret^@h/":                 "…",
		"http://h/\x1b[31m":                   "…",
		"http://h/?a=\u009b31m&\u009b=1":      `http://h/?a=…&\u009b=…`,
	} {
		assert.Equal(t, want, source.Redact(raw), raw)
	}
}

// mark is what must not be seen.
const mark = "s3cr3tMark"

// FuzzSecrets: wherever a secret stands in a URL, neither its redacted form nor any fault about it shows it.
func FuzzSecrets(f *testing.F) {
	f.Add("", "")
	f.Add("u:", "^")
	f.Add("%zz", "[")
	f.Add("\n", "@")
	f.Add("=", "\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		secret := strings.NewReplacer("/", "", "?", "", "#", "", "&", "").Replace(a + mark + b)
		for _, raw := range []string{
			"http://" + secret + "@h/p", "s3://b/k?" + strings.ReplaceAll(secret, "=", "") + "==",
			"https://h/?versionId=" + secret, "https://h/p#" + secret, "http:" + secret,
			"data:," + secret, "data:;base64," + secret, "data:text/plain;a=" + secret, "data:text/plain;a=\"" + secret,
		} {
			for _, text := range append(faults(raw), source.Redact(raw), source.Bare(raw)) {
				require.NotContains(t, text, mark, "%q", raw)
			}
		}
	})
}

// faults gives all that the package says against a text.
func faults(raw string) (texts []string) {
	for _, fault := range []*diag.Fault{source.Check(raw, 1), source.Check(raw, 7), source.CheckProxy(raw),
		source.WarnURL(raw)} {
		if fault != nil {
			texts = append(texts, string(fault.Code), fault.Message, fault.Hint)
		}
	}
	return texts
}

// FuzzCheck: a source passes only if url.Parse reads it, places of faults are inside the text, and what passes at a
// version passes at later ones.
func FuzzCheck(f *testing.F) {
	for _, raw := range []string{"http://u:p@[::1%25a]:80/a?b#c", "arn:aws:s3:::b/k?versionId=1", "s3://b/k", "gs://b",
		"data:,x", ":", "http://[", "http://h:1:2", "//", "a://%"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		passed := false
		for minor := range never {
			fault := source.Check(raw, minor)
			require.False(t, passed && fault != nil)
			passed = fault == nil
			if fault != nil {
				require.NotEmpty(t, fault.Message)
				require.True(t, fault.At >= -1 && fault.At <= len(raw), "%q: %+v", raw, fault)
			}
		}
		if _, err := url.Parse(raw); err != nil {
			require.False(t, passed)
		}
		_, _ = source.ParseS3(raw)
		source.WarnURL(raw)
	})
}
