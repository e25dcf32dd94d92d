//go:build disk

package net_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// given is what the user gave, with a mark to find it by.
const given = `{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/from/the/cloud"}]}}`

// A row is a platform whose config is on a server.
type row struct {
	id       string
	path     string
	at       []string // where it answers; the first alone will do
	v6       string   // where it answers too, "" for nowhere
	header   [2]string
	status   int // of the answer that says that there is none
	encoded  bool
	tokens   bool
	lowPorts bool
}

var rows = []row{
	{id: "aws", path: "/2019-10-01/user-data", at: []string{v4}, v6: v6Amazon, status: 404, tokens: true},
	{id: "azure", path: "/metadata/instance/compute/userData?api-version=2021-01-01&format=text", at: []string{v4},
		header: [2]string{"Metadata", "true"}, encoded: true},
	{id: "digitalocean", path: "/metadata/v1/user-data", at: []string{v4}, status: 200},
	{id: "gcp", path: "/computeMetadata/v1/instance/attributes/user-data", at: []string{v4}, v6: v6Google,
		header: [2]string{"Metadata-Flavor", "Google"}, status: 404},
	{id: "hetzner", path: "/hetzner/v1/userdata", at: []string{v4}, v6: v6Link, status: 404},
	{id: "packet", path: "/userdata", at: []string{farSecure}, header: [2]string{"Accept", "*/*"}, status: 200},
	{id: "scaleway", path: "/user_data/cloud-init", at: []string{v4Scale}, v6: v6Scale, status: 404, lowPorts: true},
}

// everywhere is all of the platform's addresses.
func (p row) everywhere() []string {
	if p.v6 == "" {
		return p.at
	}
	return append([]string{p.v6}, p.at...)
}

// answer is the service: who asks as the platform wants it gets a status and a body.
func (p row) answer(status int, body string) http.HandlerFunc {
	if p.encoded {
		body = base64.StdEncoding.EncodeToString([]byte(body))
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if p.tokens && !imds(w, r) {
			return
		}
		_, text, _ := net.SplitHostPort(r.RemoteAddr)
		port, _ := strconv.Atoi(text)
		switch {
		case r.Method != http.MethodGet, r.URL.RequestURI() != p.path, p.header[0] != "" &&
			r.Header.Get(p.header[0]) != p.header[1], p.lowPorts && port > 1022:
			w.WriteHeader(http.StatusBadRequest)
		default:
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
}

// imds is what Amazon's service answers beside user data; ok says that the request is about something else, and has a
// token.
func imds(w http.ResponseWriter, r *http.Request) (ok bool) {
	const token = "SECRET-imds"
	switch {
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" &&
		r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") != "":
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
		_, _ = io.WriteString(w, token)
	case r.Header.Get("X-Aws-Ec2-Metadata-Token") != token:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/latest/dynamic/instance-identity/document":
		_, _ = io.WriteString(w, `{"region":"eu-west-1","accountId":"SECRET-account"}`)
	default:
		return true
	}
	return false
}

func TestServices(t *testing.T) {
	for _, p := range rows {
		t.Run(p.id, func(t *testing.T) {
			t.Run("the network is asked for, and nobody else before it is there", func(t *testing.T) { offline(t, p) })
			t.Run("a config is found", func(t *testing.T) {
				found(t, p, serve(t, p.answer(200, given), p.everywhere()...))
			})
			t.Run("IPv4 alone will do", func(t *testing.T) { found(t, p, serve(t, p.answer(200, given), p.at...)) })
			t.Run("a service that comes up late is waited for", func(t *testing.T) {
				found(t, p, serveLate(t, time.Second, p.answer(200, given), p.everywhere()...))
			})
			t.Run("a refusal is an error", func(t *testing.T) {
				serve(t, p.answer(403, "SECRET-explanation"), p.everywhere()...)
				assert.Regexp(t, `(?m)^Ignition failed: fetch: platform `+p.id+
					`: http.*the answer has the status 403 Forbidden`, newMachine(t, p.id).fails("fetch"))
			})
			if p.v6 != "" {
				t.Run("IPv6 alone will do", func(t *testing.T) { found(t, p, serve(t, p.answer(200, given), p.v6)) })
			}
			if p.status != 0 {
				t.Run("there may be none", func(t *testing.T) { none(t, p) })
			}
		})
	}
}

// systemd may keep the metadata service to itself, by routes that nothing but its own mark gets past.
func TestAMetadataServiceThatIsLockedAwayIsReached(t *testing.T) {
	inMachine := func(command string) ([]byte, error) {
		return exec.Command("nsenter", append([]string{"--target", strconv.Itoa(sky.machine), "--net"},
			strings.Fields(command)...)...).CombinedOutput()
	}
	for i, p := range rows {
		if p.id != "hetzner" && p.id != "scaleway" {
			continue
		}
		t.Run(p.id, func(t *testing.T) {
			address, _, _ := net.SplitHostPort(p.at[0])
			for n, rule := range []string{"fwmark 0x7FFF0815 lookup main", "to " + address + " prohibit"} {
				rule = fmt.Sprintf("priority %d %s", 100+10*i+n, rule)
				out, err := inMachine("ip rule add " + rule)
				require.NoError(t, err, "%s", out)
				t.Cleanup(func() {
					out, err := inMachine("ip rule del " + rule)
					assert.NoError(t, err, "%s", out)
				})
			}
			_, err := inMachine("ip route get " + address)
			require.Error(t, err, "others do not get there")
			found(t, p, serve(t, p.answer(200, given), p.at...))
		})
	}
}

func offline(t *testing.T, p row) {
	m, s := newMachine(t, p.id), serve(t, p.answer(200, given), p.everywhere()...)
	assert.Contains(t, m.passes("fetch-offline"),
		"INFO     : the config needs the network: platform "+p.id+": needs the network")
	assert.FileExists(t, m.path("run/ignition/neednet"))
	assert.NoFileExists(t, m.path("run/ignition.json"))
	asked, conns := s.requests()
	assert.Empty(t, asked)
	assert.Zero(t, conns)
}

func found(t *testing.T, p row, s *service) {
	m := newMachine(t, p.id)
	log := m.passes("fetch")
	assert.Contains(t, m.read("run/ignition.json"), "/from/the/cloud")
	assert.Contains(t, m.read("run/ignition/state"), `{"kind":"user","source":"`+p.id+`","referenced":false}`)
	asked, _ := s.requests()
	assert.NotEmpty(t, asked)
	assert.Contains(t, log, "INFO     : GET http")
	assert.Contains(t, log, "INFO     : GET result: OK\n")
}

func none(t *testing.T, p row) {
	m := newMachine(t, p.id)
	serve(t, p.answer(p.status, ""), p.everywhere()...)
	assert.Contains(t, m.passes("fetch"), "INFO     : there is no user config\n")
	assert.Contains(t, m.read("run/ignition.json"), `"version"`)
	assert.NotContains(t, m.read("run/ignition/state"), `"user"`)
}

func TestAnAmazonWithoutTokensIsAskedWithoutThem(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut, r.Header.Get("X-Aws-Ec2-Metadata-Token") != "":
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Path == "/2019-10-01/user-data":
			_, _ = io.WriteString(w, given)
		case r.URL.Path == "/latest/dynamic/instance-identity/document":
			_, _ = io.WriteString(w, "{}")
		}
	}, v4)
	m := newMachine(t, "aws")
	assert.Contains(t, m.passes("fetch"), "the instance does not say its region")
	assert.Contains(t, m.read("run/ignition.json"), "/from/the/cloud")
	assert.Contains(t, m.read("run/ignition/state"), `"region":"us-east-1"`)
	asked, _ := s.requests()
	assert.Contains(t, asked, "GET 169.254.169.254/2019-10-01/user-data")
}

func TestAnAmazonThatIsSwitchedOffIsSaidToBe(t *testing.T) {
	serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, v4, v6Amazon)
	assert.Contains(t, newMachine(t, "aws").fails("fetch"), "the instance's metadata service may be switched off")
}

// The region that the fetch stage was told is where the files stage looks for a bucket, with the instance's role,
// without asking again.
func TestTheRegionOfAnInstanceIsAskedForOnce(t *testing.T) {
	const user = `{"ignition":{"version":"3.4.0"},` +
		`"storage":{"files":[{"path":"/object","contents":{"source":"s3://bucket/key"}}]}}`
	metadata := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !imds(w, r) {
			return
		}
		switch r.URL.Path {
		case "/2019-10-01/user-data":
			_, _ = io.WriteString(w, user)
		case "/latest/meta-data/iam/security-credentials/":
			_, _ = io.WriteString(w, "role")
		case "/latest/meta-data/iam/security-credentials/role":
			fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":"AKIA","SecretAccessKey":"SECRET-key",`+
				`"Token":"SECRET-session","Expiration":%q}`, time.Now().Add(time.Hour).Format(time.RFC3339))
		}
	}, v4)
	store := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
		if r.Method == http.MethodGet && (r.Header.Get("X-Amz-Security-Token") != "SECRET-session" ||
			!strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "from the bucket")
	}, farSecure)
	m := newMachine(t, "aws")
	m.passes("fetch")
	assert.Contains(t, m.read("run/ignition/state"), `"region":"eu-west-1"`)
	asked, _ := metadata.requests()
	assert.Contains(t, asked, "GET 169.254.169.254/latest/dynamic/instance-identity/document")

	m.passes("files")
	assert.Equal(t, "from the bucket", m.read("root/object"))
	asked, _ = metadata.requests()
	assert.NotContains(t, strings.Join(asked, "\n"), "instance-identity")
	asked, _ = store.requests()
	assert.Equal(t, []string{"HEAD bucket.s3.eu-west-1.amazonaws.com/",
		"GET bucket.s3.dualstack.eu-west-1.amazonaws.com/key"}, asked)
}

func TestABlobIsAskedForWithTheIdentityOfAnAzureMachine(t *testing.T) {
	const user = `{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/blob",` +
		`"contents":{"source":"https://account.blob.core.windows.net/container/blob?sig=SECRET-signature"}}]}}`
	serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Metadata") != "true":
			w.WriteHeader(http.StatusBadRequest)
		case r.URL.Path == "/metadata/identity/oauth2/token":
			_, _ = io.WriteString(w, `{"access_token":"SECRET-identity","expires_in":"3600","token_type":"Bearer"}`)
		default:
			_, _ = io.WriteString(w, base64.StdEncoding.EncodeToString([]byte(user)))
		}
	}, v4)
	serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer SECRET-identity" || r.URL.RawQuery != "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "from the blob")
	}, farSecure)
	m := newMachine(t, "azure")
	m.passes("fetch")
	m.passes("files")
	assert.Equal(t, "from the blob", m.read("root/blob"))
}

// What another program would read is said to be that, on the console and for programs.
func TestUserDataThatIsNoConfigIsCalledByItsName(t *testing.T) {
	for text, want := range map[string]string{
		"#cloud-config\npassword: SECRET-password\n":                            "a cloud-config file",
		"#!/bin/sh\necho SECRET-script\n":                                       "a script",
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=SECRET\n\n": "a MIME message",
		"<!DOCTYPE html><title>SECRET login</title>":                            "an HTML page",
		"services:\n  web:\n    image: SECRET-image\n":                          "a compose file",
	} {
		t.Run(want, func(t *testing.T) {
			serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }, v4, v6Link)
			m := newMachine(t, "hetzner")
			assert.Regexp(t, `(?m)^Ignition failed: fetch: .*this is `+want+`, not a config$`, m.fails("fetch"))
			card := m.read("run/glowplug/failure.json")
			assert.Contains(t, card, want)
			assert.NotContains(t, card, "SECRET")
			assert.Regexp(t, `"try": \[\s+"[^"]*(config|proxy)[^"]*"`, card, "what to do comes first")
		})
	}
}

// reports is Equinix Metal's service; events gives what it was told.
func reports(t *testing.T, metadata string) (events func() []string) {
	told := make(chan string, 100)
	serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/metadata":
			_, _ = io.WriteString(w, metadata)
		case "/userdata":
			_, _ = io.WriteString(w, given)
		}
	}, farSecure)
	serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told <- r.Method + " " + r.URL.Path + " " + string(body)
	}, farAway)
	return func() (all []string) {
		for len(told) > 0 {
			all = append(all, <-told)
		}
		return all
	}
}

func TestThePlatformIsToldHowEachStageEnds(t *testing.T) {
	events := reports(t, `{"phone_home_url":"http://192.0.2.1/phone-home","secret":"SECRET-metadata"}`)
	m := newMachine(t, "packet")
	m.passes("fetch-offline")
	assert.Empty(t, events(), "the network may not be up")
	for _, stage := range []string{"fetch", "kargs", "disks", "mount", "files", "umount"} {
		assert.NotContains(t, m.passes(stage), "WARNING")
		assert.Equal(t, []string{`POST /events {"state":"running","message":"[` + stage +
			`] Ignition status: finished successfully"}`}, events())
	}
	require.NoError(t, os.Remove(m.path("root/from/the/cloud")))
	require.NoError(t, os.Mkdir(m.path("root/from/the/cloud"), 0o755))
	m.fails("files")
	all := events()
	require.Len(t, all, 1)
	assert.Regexp(t, `^POST /events {"state":"failed","message":"\[files\] Ignition error: packet user data:1:\d+: `+
		`.*/from/the/cloud.*"}$`, all[0])
}

// That it was too late is told too.
func TestThePlatformIsToldThatTheBootTookTooLong(t *testing.T) {
	events := reports(t, `{"phone_home_url":"http://192.0.2.1/phone-home"}`)
	m := newMachine(t, "packet")
	m.write("cmdline", "ignition.config.device=absent ignition.config.path=/x")
	m.hurry(3 * time.Second)
	m.fails("fetch")
	all := events()
	require.Len(t, all, 1)
	assert.Contains(t, all[0], `"state":"failed"`)
	assert.Contains(t, all[0], "which glowplug.timeout.boot sets")
}

func TestAPlatformThatCannotBeToldIsNoFailure(t *testing.T) {
	events := reports(t, `{}`)
	m := newMachine(t, "packet")
	assert.Contains(t, m.passes("fetch"), "WARNING  : fetch: the platform is not told how the stage has ended: "+
		"platform packet: https://metadata.packet.net/metadata: names no phone_home_url")
	assert.Empty(t, events())
}
