//go:build vmhost

package vm

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// askMetadata leaves, in the root that it runs in, what a metadata service said, and a unit that tells it at the next boot.
const askMetadata = `#!/bin/sh
set -ex
ip link set eth0 up
ip address add 169.254.0.15/16 dev eth0
curl -sS --max-time 30 -o /etc/said http://169.254.169.254/who
cat >/etc/systemd/system/tell.service <<E
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo "the service said $(cat /etc/said)" >/dev/ttyS0'
ExecStart=systemctl poweroff -ff
E
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -s ../tell.service /etc/systemd/system/multi-user.target.wants/
`

func TestARootThatIsKeptBootsColdUnderSystemd(t *testing.T) {
	parts := prepare(t)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host+r.URL.Path)
	}))
	defer service.Close()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), []byte(askMetadata), 0o755))
	root := machine.Disk{Name: "root", Path: filepath.Join(t.TempDir(), "root"), Base: parts.Root}
	status, result, err := parts.RunPayload(t.Context(), machine.Payload{
		Dir:    dir,
		Output: t.Output(),
		Machine: machine.Spec{
			Args:  []string{"quiet", "net.ifnames=0"},
			Disks: []machine.Disk{root},
			Nets: []machine.Net{{
				Network:  machine.LinkLocal,
				Forwards: []machine.Forward{{At: "169.254.169.254:80", To: service.Listener.Addr().String()}},
			}},
		},
	})
	require.NoError(t, err, "%s", tail{result})
	require.Zero(t, status, "%s", tail{result})

	result, err = machine.Run(t.Context(), machine.Spec{
		Kernel: parts.Kernel, Initrd: parts.Initrd, Args: []string{"init=/sbin/init", "quiet"}, Disks: []machine.Disk{root},
	})
	require.NoError(t, err, "%s", tail{result})
	said := slices.ContainsFunc(result.Console, func(line machine.Line) bool {
		return strings.Contains(line.Text, "the service said 169.254.169.254/who")
	})
	assert.True(t, said, "%s", tail{result})
}

// A tail is the end of a console, written only if a message needs it.
type tail struct{ machine.Result }

func (r tail) String() string { return fmt.Sprintf("the end of the serial console:\n%s", r.Tail(40)) }
