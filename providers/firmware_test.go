package providers

import (
	"bytes"
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// systemd has a limit for credentials; what is longer is as good as not there, and the next place counts.
func TestCredentialsThatAreTooLongArePassedOver(t *testing.T) {
	long := strings.Repeat("x", credentialMax+1)
	const fromFirmware = fwcfg + "/by_name/opt/io.systemd.credentials/" + credential
	var log bytes.Buffer
	files := map[string]string{
		fromFirmware + "/size": "1048577\n", fromFirmware + "/raw": long,
		"/sys/firmware/dmi/entries/11-0/raw": "\x0b\x05\x00\x01\x01io.systemd.credential:" + credential + "=" +
			long + "\x00",
	}
	m := Machine{
		Log: slog.New(slog.NewTextHandler(&log, nil)), CommandLine: "systemd.set_credential=" + credential + ":{}",
		Glob: func(name string) ([]string, error) {
			if name == fwcfg {
				return []string{name}, nil
			}
			return nil, nil
		},
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
	}
	platform, _ := Find("systemd")
	d, err := platform.Config(t.Context(), m)
	require.NoError(t, err)
	assert.Equal(t, "{}", string(d.Text))
	assert.Equal(t, 2,
		strings.Count(log.String(), "the credential is passed over: it has 1048577 bytes, more than 1048576"))

	files[fromFirmware+"/size"], files[fromFirmware+"/raw"] = "1048576", long[1:]
	d, err = platform.Config(t.Context(), m)
	require.NoError(t, err)
	assert.Len(t, d.Text, credentialMax, "the limit itself is none")
}
