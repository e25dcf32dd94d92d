package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatStandsInThePlaceOfAKeyIsNamed(t *testing.T) {
	for lines, want := range map[string]string{
		"-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n":   "this is a private key",
		"  -----BEGIN RSA PRIVATE KEY-----":            "this is a private key",
		"PuTTY-User-Key-File-3: ssh-ed25519":           "this is a private key of PuTTY",
		"---- BEGIN SSH2 PUBLIC KEY ----\nabc":         "this is a key in the form of RFC 4716",
		"-----BEGIN PUBLIC KEY-----":                   "this is a key in PEM",
		"-----BEGIN RSA PUBLIC KEY-----":               "this is a key in PEM",
		"https://github.com/me.keys":                   "this is an address, of which nothing is fetched",
		"gh:me":                                        "this is the name of a user of GitHub",
		"~/.ssh/id_ed25519.pub":                        "this is the name of a file",
		"/home/me/.ssh/id_ed25519.pub":                 "this is the name of a file",
		"AAAAC3NzaC1lZDI1NTE5":                         "this is no SSH key",
		"-----BEGIN CERTIFICATE-----":                  "this is no SSH key",
		"https ssh-ed25519 AAAA":                       "",
		"ssh-ed25519 AAAA\n-----BEGIN PRIVATE KEY----": "this is a private key",
		"# a remark":                                   "there is no SSH key in this entry",
	} {
		problem, do := noKey(lines)
		assert.Equal(t, want, problem, lines)
		assert.Equal(t, want == "", do == "", lines)
	}
}
