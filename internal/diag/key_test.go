package diag_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestKeysThatAreWordsAreShown(t *testing.T) {
	for _, key := range []string{
		"", "foo", "size", "sizeMiB", "home_dir", "ssh_authorized_keys_local", "certificateAuthorities", "$schema",
		"x-comment", "lock_passwd", "ExecStart", "SSHAuthorizedKeys", "URL", "kernelArguments",
		"machineconfiguration.openshift.io/role", "/etc/motd", "x86_64", "sha256", "tpm2", "größe", "storage.luks",
		"apiVersion", "lvm", "grub-install",
	} {
		assert.True(t, diag.MayShow(key), key)
		assert.Equal(t, key, diag.ShowKey(key))
	}
}

// What has slipped into the place of a key is not shown. All of these are made up.
func TestSecretsInThePlaceOfKeysAreNotShown(t *testing.T) {
	for _, key := range []string{
		"$6$rounds=4096$abcdefgh$Q9oQO0nWqg", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o",
		"$2b$12$abcdefghijklmnopqrstuv",
		"-----BEGIN OPENSSH PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n",
		"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "glpat-XyZ12abcDEF34ghiJKL5", "xoxb-123456789012-abcdefGHIJKL",
		"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
		"hvs.CAESIJlU9JMYEhOPYv4igdhm9PnZDrabYTobQ4Ymnlq1qY", "550e8400-e29b-41d4-a716-446655440000",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPh me@host", "AAAAC3NzaC1lZDI1NTE5AAAAIGPh", "password hunter2",
		"correct horse battery staple", "hunter22", "Tr0ub4dor&3", "pa$$word", "http://me:sekrit@host/", "qJzqJz",
		"d41d8cd98f00b204e9800998ecf8427e",
		"Environment=TOKEN", "123456", "\x1b[31mred", "a\nb", "dGhpcyBpcyBhIHNlY3JldA==", strings.Repeat("word_", 20),
	} {
		assert.False(t, diag.MayShow(key), key)
		assert.Equal(t, diag.Redacted, diag.ShowKey(key))
		assert.Equal(t, diag.Redacted, diag.QuoteKey(key))
	}
}

func TestNearestFindsWhatWasMeant(t *testing.T) {
	partition := []string{"guid", "label", "number", "resize", "should_exist", "size_mib", "start_mib", "type_guid",
		"wipe_partition_entry"}
	user := []string{"gecos", "groups", "homeDir", "name", "noCreateHome", "noUserGroup", "passwordHash",
		"primaryGroup", "shell", "shouldExist", "sshAuthorizedKeys", "system", "uid"}
	for _, c := range []struct {
		key   string
		words []string
		want  string
	}{
		{"size", partition, "size_mib"}, {"start", partition, "start_mib"}, {"type", partition, "type_guid"},
		{"wipe", partition, "wipe_partition_entry"}, {"exist", partition, "should_exist"},
		{"sizeMiB", partition, "size_mib"},
		{"size_mb", partition, "size_mib"}, {"lable", partition, "label"}, {"numbre", partition, "number"},
		{"sizing", partition, ""}, {"labels_of_it", partition, "label"}, {"q", partition, ""},
		{"home", user, "homeDir"}, {"home_dir", user, "homeDir"}, {"group", user, "groups"}, {"password", user,
			"passwordHash"}, {"ssh_authorized_keys", user, "sshAuthorizedKeys"}, {"ssh", user, "sshAuthorizedKeys"},
		{"create_home", user, "noCreateHome"}, {"id", user, "uid"}, {"login", user, ""}, {"", user, ""},
		{strings.Repeat("name", 20), user, ""}, {"größe", user, ""},
	} {
		assert.Equal(t, c.want, diag.Nearest(c.key, c.words), c.key)
	}
}
