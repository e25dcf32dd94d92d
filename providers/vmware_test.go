package providers

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestEncodingsOfVMware(t *testing.T) {
	s := &script{t: t}
	for encoding, data := range map[string]string{
		"": plain, "b64": "base64:" + plain, "base64": "base64:" + plain, "gz": "gzip:" + plain,
		"gzip": "gzip:" + plain, "gz+b64": "base64:gzip:" + plain,
		"gz+base64": "base64:gzip:" + plain, "gzip+b64": "base64:gzip:" + plain, "gzip+base64": "base64:gzip:" + plain,
	} {
		got, err := decodeGuest([]byte(s.text(data)), encoding)
		require.NoError(t, err, encoding)
		assert.Equal(t, plain, string(got), encoding)
		_, err = decodeGuest(nil, encoding)
		packed := encoding != "" && encoding[0] == 'g'
		assert.Equal(t, packed, err != nil, "nothing at all, as %q", encoding)
	}
	for _, encoding := range []string{"Base64", "GZIP", "b64+gz", "gzip+", "zstd", " "} {
		_, err := decodeGuest([]byte(plain), encoding)
		require.EqualError(t, err, guestEncoding+": the encoding is not known", encoding)
		assert.NotEmpty(t, diag.Hints(err))
	}
}

func TestRepliesOfVMware(t *testing.T) {
	for reply, want := range map[string]struct {
		value string
		set   bool
		err   string
	}{
		"1 x":     {"x", true, ""},
		"1 ":      {"", true, ""},
		"1  x ":   {" x ", true, ""},
		"0 why":   {"", false, ""},
		"0 ":      {"", false, ""},
		"":        {"", false, "k: the hypervisor's answer is not understood"},
		"1":       {"", false, "k: the hypervisor's answer is not understood"},
		"0":       {"", false, "k: the hypervisor's answer is not understood"},
		"2 x":     {"", false, "k: the hypervisor's answer is not understood"},
		"Unknown": {"", false, "k: the hypervisor's answer is not understood"},
	} {
		m := &Machine{VMware: func(request string) (string, error) {
			assert.Equal(t, "info-get k", request)
			return reply, nil
		}}
		value, set, err := guestInfo(m, "k")
		assert.Equal(t, want.value, value, reply)
		assert.Equal(t, want.set, set, reply)
		if want.err == "" {
			assert.NoError(t, err, reply)
		} else {
			assert.EqualError(t, err, want.err, reply)
		}
	}
}
