package config

import "strings"

// A Change is one row of the language's history: something that a version added.
type Change struct {
	Since Version
	// Path of the field, with * for any index; a field's row covers everything below it.
	Path string
	// Value, where set, narrows the row to those values of the field: the field is older, the value is new.
	Value func(string) bool
	// Line says what came, for people.
	Line string
}

// History is everything that came after 3.0.0. It drives decoding, the schema of each version and the documentation.
// One change is of meaning and not of shape and so has no row: before 3.6.0 the bits above 0777 of a mode are cleared,
// see (*Document).upgrade.
func History() []Change {
	return []Change{
		{V3_1, "ignition.config.merge.*.compression", nil, "compressed configs to merge"},
		{V3_1, "ignition.config.merge.*.httpHeaders", nil, "headers for configs to merge"},
		{V3_1, "ignition.config.replace.compression", nil, "a compressed config as replacement"},
		{V3_1, "ignition.config.replace.httpHeaders", nil, "headers for the replacing config"},
		{V3_1, "ignition.security.tls.certificateAuthorities.*.compression", nil, "compressed certificate bundles"},
		{V3_1, "ignition.security.tls.certificateAuthorities.*.httpHeaders", nil, "headers for certificate bundles"},
		{V3_1, "ignition.proxy", nil, "proxies"},
		{V3_1, "storage.files.*.contents.httpHeaders", nil, "headers for files"},
		{V3_1, "storage.files.*.append.*.httpHeaders", nil, "headers for fragments of files"},
		{V3_1, "storage.filesystems.*.mountOptions", nil, "options for mounting while provisioning"},
		{V3_1, "*.hash", hasPrefix("sha256-"), "sha256 digests"},
		{V3_2, "*.source", hasPrefix("gs:"), "sources in Google Cloud Storage"},
		{V3_2, "passwd.groups.*.shouldExist", nil, "deleting groups"},
		{V3_2, "passwd.users.*.shouldExist", nil, "deleting users"},
		{V3_2, "storage.disks.*.partitions.*.resize", nil, "resizing partitions"},
		{V3_2, "storage.luks", nil, "encrypted volumes"},
		{V3_3, "kernelArguments", nil, "kernel arguments"},
		{V3_3, "storage.filesystems.*.format", equals("none"), "format none"},
		{V3_4, "*.source", hasPrefix("arn:"), "sources named by an ARN"},
		{V3_4, "storage.luks.*.discard", nil, "discards on encrypted volumes"},
		{V3_4, "storage.luks.*.openOptions", nil, "options for opening encrypted volumes"},
		{V3_4, "storage.luks.*.clevis.tang.*.advertisement", nil, "binding to a Tang server without network"},
		{V3_5, "storage.luks.*.cex", nil, "encryption with Crypto Express"},
		{V3_6, "storage.luks.*.clevis.custom.pin",
			func(pin string) bool { return pin != "tpm2" && pin != "tang" && pin != "sss" }, "any custom Clevis pin"},
		{V3_7, "storage.filesystems.*.format", equals("virtiofs"), "format virtiofs"},
	}
}

func hasPrefix(prefix string) func(string) bool {
	return func(s string) bool { return strings.HasPrefix(s, prefix) }
}

func equals(value string) func(string) bool {
	return func(s string) bool { return s == value }
}
