package fetch

import (
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http/httpproxy"
)

// byTheBook is the verdict of the package whose syntax noProxy has.
func byTheBook(proxy, direct string, u *url.URL) *url.URL {
	c := httpproxy.Config{HTTPProxy: proxy, HTTPSProxy: proxy, NoProxy: direct}
	chosen, _ := c.ProxyFunc()(u)
	return chosen
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

func FuzzProxiesAreChosenAsGoDoes(f *testing.F) {
	for _, direct := range []string{
		"", "*", "a.test", ".a.test", "*.a.test", "*a.test", "a.test:80", "a.test:443", " A.Test , b.test",
		"10.0.0.0/8", "10.1.2.3", "10.1.2.3:80", "[2001:db8::1]", "[2001:db8::1]:80",
		"2001:db8::/32", "::ffff:10.0.0.0/104", "::ffff:10.1.2.3", ":80", ",,", "a.test:", "127.0.0.1", ".", "..", "*.",
		"fe80::1%eth0", "10.1.2.3/8",
	} {
		for _, address := range []string{
			"http://a.test/", "https://a.test/", "http://b.a.test:8080/", "http://ba.test/", "http://10.1.2.3/",
			"https://[2001:db8::1]/", "http://[::ffff:10.1.2.3]/", "http://[fe80::1%25eth0]/",
			"http://localhost/", "http://127.0.0.9:80/", "ftp://a.test/", "http:///x", "http://A.TEST./",
		} {
			f.Add("http://proxy.test:3128", direct, address)
		}
	}
	for _, proxy := range []string{"", "proxy.test:3128", "proxy.test", "socks5://proxy.test", "http://", "://",
		"http://%zz", "10.0.0.1:3128"} {
		f.Add(proxy, "a.test", "http://c.test/")
	}
	f.Fuzz(func(t *testing.T, proxy, direct, address string) {
		u, err := url.Parse(address)
		if err != nil || !isASCII(direct) || !isASCII(u.Host) || strings.ContainsAny(u.Hostname(), "[]") {
			return // names in other scripts compare as they are written, and brackets are no name
		}
		want := byTheBook(proxy, direct, u)
		assert.Equal(t, want, newProxyRules(Settings{HTTPProxy: proxy, HTTPSProxy: proxy,
			NoProxy: []string{direct}}).choose(u), "%q %q", direct, address)
		assert.Equal(t, want,
			newProxyRules(Settings{HTTPProxy: proxy, HTTPSProxy: proxy, NoProxy: strings.Split(direct, ",")}).choose(u))
	})
}

func TestWhatHeadersMayHold(t *testing.T) {
	for c := range rune(0x180) {
		for _, text := range []string{string(c), "a" + string(c), string(c) + "b", string([]byte{byte(c)})} {
			assert.Equal(t, httpguts.ValidHeaderFieldName(text), isToken(text), "%q", text)
			assert.Equal(t, httpguts.ValidHeaderFieldValue(text), isHeaderValue(text), "%q", text)
		}
	}
	assert.False(t, isToken(""))
	assert.True(t, isHeaderValue(""))
}
