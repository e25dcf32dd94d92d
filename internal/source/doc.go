// Package source knows what a source may be: the text in a resource's source key. It judges such texts, takes them
// apart, and hides what of them may be secret. It is pure: it fetches nothing, and decodes no more than shows whether
// there is anything.
//
// Check judges a source by the rules of a version: the scheme, then what that scheme needs. CheckProxy and CheckTFTP
// judge other places that have a URL. WarnURL tells of what passes there and cannot work. ParseS3 and ParseDigest take
// their texts apart. IsEmpty says whether a source is known to have no content. Redact and Path give what may be logged
// of a URL. Each check gives a *diag.Fault with the offset of what is wrong, or nil.
//
// What is surprising:
//
//   - The verdicts are the peer's, oddities included: docs/peer/spec.md §4.2. The grammar of data: URLs is that of the
//     library with which it decodes them, and not that of RFC 2397.
//   - What is said about a text never contains a part of it that may be secret: the payload of a data: URL, user and
//     password, the values of a query. For that reason the errors of net/url, which quote the URL, are never passed on.
//   - ParseS3 is stricter than Check: what it gives has a bucket and a key.
//   - A digest whose digits are not hexadecimal passes ParseDigest, as for the peer, and matches nothing. Hex tells.
package source
