package leave

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a file that is taken has an absolute path and contents, and no error quotes it.
func FuzzPlatformFile(f *testing.F) {
	f.Add([]byte(`{"path":"/var/lib/a","mode":384,"contents":{"source":"data:,secret"}}`))
	f.Add([]byte(`{"path":"a","contents":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var file platformFile
		if err := file.read(raw); err != nil {
			require.NotContains(t, err.Error(), "secret")
			return
		}
		require.True(t, strings.HasPrefix(file.Claim.Path, "/"))
		require.NotNil(t, file.Contents.Source)
	})
}

// Invariants: no panic; a report is of this boot only if it is JSON and says its id.
func FuzzResult(f *testing.F) {
	f.Add([]byte(`{"provisioningBootID":"0123","previousReport":{}}`), "0123\n")
	f.Add([]byte(`{"provisioningBootID":""}`), "")
	f.Fuzz(func(t *testing.T, text []byte, id string) {
		if (&Boot{BootID: id}).isOwn(text) {
			require.True(t, json.Valid(text))
			require.NotEmpty(t, strings.TrimSpace(id))
		}
	})
}

// Invariants: no panic; the type is on one line of the config, or what libselinux takes without one.
func FuzzPolicyType(f *testing.F) {
	f.Add("# a\nSELINUX=enforcing\nSELINUXTYPE=mls \n")
	f.Add("SELINUXTYPE=\r\n")
	f.Fuzz(func(t *testing.T, content string) {
		kind := policyType(content)
		require.NotContains(t, kind, "\n")
		require.True(t, kind == defaultPolicy || strings.Contains(content, "SELINUXTYPE="))
	})
}
