package config

import "strings"

// A Change is one row of the language's history: something that a version added.
type Change struct {
	Since Version
	// Path of the field, with * for any index; a field's row covers everything below it.
	Path string
	// Value, where set, is what came: the field is older. It is AnyValue where the field takes any from then on.
	Value string
	// Line says what came, for people.
	Line string
}

// AnyValue stands in the history for all values that a field did not take before.
const AnyValue = "*"

// History is everything that came after 3.0.0: fields first, then values. It drives decoding, the schema of each
// version and the documentation. What versions read differently and is written the same has no row here: see Meaning.
func History() []Change {
	changes := newFields()
	for _, f := range Fields() {
		for _, value := range f.Values {
			if value.Since > V3_0 {
				changes = append(changes, Change{value.Since, f.Path, value.Name, value.Line})
			}
		}
		if f.AnyLine != "" {
			changes = append(changes, Change{f.Any.From, f.Path, AnyValue, f.AnyLine})
		}
	}
	return changes
}

func newFields() []Change {
	return []Change{
		{Since: V3_1, Path: "ignition.config.merge.*.compression", Line: "compressed configs to merge"},
		{Since: V3_1, Path: "ignition.config.merge.*.httpHeaders", Line: "headers for configs to merge"},
		{Since: V3_1, Path: "ignition.config.replace.compression", Line: "a compressed config as replacement"},
		{Since: V3_1, Path: "ignition.config.replace.httpHeaders", Line: "headers for the replacing config"},
		{Since: V3_1, Path: "ignition.security.tls.certificateAuthorities.*.compression",
			Line: "compressed certificate bundles"},
		{Since: V3_1, Path: "ignition.security.tls.certificateAuthorities.*.httpHeaders",
			Line: "headers for certificate bundles"},
		{Since: V3_1, Path: "ignition.proxy", Line: "proxies"},
		{Since: V3_1, Path: "storage.files.*.contents.httpHeaders", Line: "headers for files"},
		{Since: V3_1, Path: "storage.files.*.append.*.httpHeaders", Line: "headers for fragments of files"},
		{Since: V3_1, Path: "storage.filesystems.*.mountOptions", Line: "options for mounting while provisioning"},
		{Since: V3_2, Path: "passwd.groups.*.shouldExist", Line: "deleting groups"},
		{Since: V3_2, Path: "passwd.users.*.shouldExist", Line: "deleting users"},
		{Since: V3_2, Path: "storage.disks.*.partitions.*.resize", Line: "resizing partitions"},
		{Since: V3_2, Path: "storage.luks", Line: "encrypted volumes"},
		{Since: V3_3, Path: "kernelArguments", Line: "kernel arguments"},
		{Since: V3_4, Path: "storage.luks.*.discard", Line: "discards on encrypted volumes"},
		{Since: V3_4, Path: "storage.luks.*.openOptions", Line: "options for opening encrypted volumes"},
		{Since: V3_4, Path: "storage.luks.*.clevis.tang.*.advertisement",
			Line: "binding to a Tang server without network"},
		{Since: V3_5, Path: "storage.luks.*.cex", Line: "encryption with Crypto Express"},
	}
}

// Since says which version brought the field at a path.
func Since(path string) Version {
	v := V3_0
	for _, row := range newFields() {
		if row.Path == path || strings.HasPrefix(path, row.Path+".") {
			v = max(v, row.Since)
		}
	}
	return v
}
