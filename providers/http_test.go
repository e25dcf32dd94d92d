package providers

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Which addresses of IPv6 are asked follows from the interfaces. What an interface may be called goes beyond what a URL
// may have.
func TestWhereIPv6IsAsked(t *testing.T) {
	const global = "http://[fd00::1]"
	for name, test := range map[string]struct {
		at   Interface
		want []string
	}{
		"a link that is up": {Interface{Name: "eth0", Up: true, LinkV6: true},
			[]string{"http://[fe80::a9fe:a9fe%25eth0]"}},
		"any other address will do": {Interface{Name: "eth0", Up: true, GlobalV6: true},
			[]string{"http://[fe80::a9fe:a9fe%25eth0]", global}},
		"both": {Interface{Name: "eth0", Up: true, LinkV6: true, GlobalV6: true},
			[]string{"http://[fe80::a9fe:a9fe%25eth0]", global}},
		"no IPv6":                   {Interface{Name: "eth0", Up: true}, nil},
		"an interface that is down": {Interface{Name: "eth0", LinkV6: true, GlobalV6: true}, nil},
		"the machine itself": {Interface{Name: "lo", Up: true, Loopback: true, LinkV6: true, GlobalV6: true},
			nil},
		"a name that needs escapes": {Interface{Name: "br%1?", Up: true, LinkV6: true},
			[]string{"http://[fe80::a9fe:a9fe%25br%251%3F]"}},
		"a name that looks like words": {Interface{Name: "ZONE", Up: true, LinkV6: true},
			[]string{"http://[fe80::a9fe:a9fe%25ZONE]"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, [][]string{test.want}, spell([]string{linkLocalV6, global}, []Interface{test.at}))
		})
	}
}

func TestStandardBase64(t *testing.T) {
	for text, want := range map[string]string{"": "", "YQ==": "a", "\r\nY\nQ=\r=\n": "a", "+/+/": "\xfb\xff\xbf"} {
		got, err := standardBase64([]byte(text))
		require.NoError(t, err, "%q", text)
		assert.Equal(t, want, string(got), "%q", text)
	}
	for _, text := range []string{"YQ", "YQ=", "YQ ==", "YQ==x", "-_-_", "Y\tQ==", "{}"} {
		_, err := standardBase64([]byte(text))
		assert.ErrorContains(t, err, "the user data is not base64", "%q", text)
	}
}
