//go:build vmhost

package boot

import (
	"crypto/tls"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/facts"
	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// oneStart is a check that a service of an image, once started, ends with a status, and what its journal says of it.
func oneStart(what, service, result, says string) check {
	return check{what, "systemctl start " + service + ".service 2>/dev/null; systemctl show -P Result " + service +
		".service; journalctl -b -u " + service + " -o cat --no-pager | grep -o -m 1 '" + says + "'",
		result + "\n" + says}
}

// An image whose presets enable what `make install-verify` and `make install-facts` install has its machines record
// their first boot, find later what differs from that, and send facts.
func TestServicesOfAnImage(t *testing.T) {
	t.Parallel()
	const server = "10.0.2.100"
	certificate, authority := privateCA(t, server)
	var sent []byte
	inventory := newService(map[string]func(http.ResponseWriter, *http.Request){
		"POST /facts": func(_ http.ResponseWriter, r *http.Request) { sent, _ = io.ReadAll(r.Body) },
	})
	inventory.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	inventory.StartTLS()
	t.Cleanup(inventory.Close)
	files := append(installed(t, "install-verify", "install-facts"),
		with("/usr/lib/systemd/system-preset/50-image.preset",
			"enable glowplug-record.service\nenable glowplug-verify.timer\nenable glowplug-facts.service\n"+
				"enable systemd-networkd.service\nenable systemd-networkd-wait-online.service\n", nil),
		with("/usr/lib/glowplug/distribution.json", `{"recordFile": "/var/lib/glowplug/record.json", `+
			`"factsURL": "https://`+server+`/facts"}`, nil),
		with("/etc/systemd/system/glowplug-facts.service.d/network.conf", "[Unit]\nWants=network-online.target\n", nil),
		with("/etc/systemd/network/10-all.network", "[Match]\nType=ether\n[Network]\nDHCP=ipv4\n", nil),
		with("/etc/ssl/certs/server.pem", string(authority), nil),
		with("/etc/app", "as it was", object{"mode": 0o600}))
	config := object{"ignition": object{"version": "3.4.0"}, "storage": object{"files": files,
		"links": []object{{"path": "/usr/bin/glowplug", "target": "/run/glowplug-test"}}}}
	checks := []check{
		{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
		{"the record", "stat -c '%a %U' /var/lib/glowplug/record.json", "600 root"},
		{"it has no secrets", "grep -c 'as it was' /var/lib/glowplug/record.json || true", "0"},
		{"the timer", "systemctl is-enabled glowplug-verify.timer && systemctl is-active glowplug-verify.timer && " +
			"systemctl show -P Unit glowplug-verify.timer", "enabled\nactive\nglowplug-verify.service"},
		oneStart("the machine is as recorded", "glowplug-verify", "success", "all as described"),
		{"a change", "echo another >/etc/app; chmod 644 /etc/app", ""},
		oneStart("the change is found", "glowplug-verify", "exit-code", "mode 0644, not 0600"),
		{"by its exit status", "systemctl show -P ExecMainStatus glowplug-verify.service", "3"},
		{"the change is taken back", "printf 'as it was' >/etc/app; chmod 600 /etc/app", ""},
		{"facts are sent", "systemctl show -P ExecMainStatus glowplug-facts.service", "0"},
	}
	b := newBox(t, "bookworm")
	b.spec.Nets = []machine.Net{{Forwards: []machine.Forward{inventory.at(server + ":443")}}}
	b.first(withProof(t, encode(t, config)), checks).must(checks)
	assert.Equal(t, []string{"POST /facts"}, inventory.asked)
	doc, err := facts.Parse(sent)
	require.NoError(t, err, "%s", sent)
	assert.NotEmpty(t, doc.Devices)
	assert.NotEmpty(t, doc.Root)
}
