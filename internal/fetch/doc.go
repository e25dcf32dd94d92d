// Package fetch gets the bytes of a source: attempts, time limits, digests, compression. docs/fetch.md says the same
// for people.
//
// In come a Resource (URL, headers, digest, gzip or not) and a writer; out come the bytes, unpacked and verified, or an
// error that begins with the URL, its secrets left out. In it is an *Error, whose Kind says whose fault it is and whose
// Attempt says when, or ErrNeedNet. The package does not know what the bytes mean, which sources a config may name
// (internal/source judges those) or where they end up. Bytes and Document are for what must be whole in memory; of
// anything else a few megabytes are, at most.
//
// A fetch goes through these, each in a file of its name:
//
//   - schemes (fetch.go) says which function is for the URL: of data, http, tftp, s3 or gs.
//   - reuse copies what has a digest from an earlier download of the same resource, if there is one.
//   - attempts asks again, after a pause, as long as another attempt may help and there is time; progress tells the
//     consoles and the log what is waited for.
//   - body reads on over as many answers as that takes.
//   - transfer brings the bytes to the writer. The readahead, the gunzip, the hasher and the writer work at the same
//     time.
//
// What is surprising:
//
//   - A writer that is a Sink can forget what it was given. Only then can a body that broke off begin again; where a
//     server marks its content (a strong ETag, an old enough Last-Modified) the rest is asked for instead.
//   - Settings belong to the client, not to a fetch: Configure puts in force what a config says of time limits, proxies
//     and authorities, before anything that this config names is fetched. Authorities are fetched by the client itself.
//   - A client that is Offline gives data: and refuses all else with ErrNeedNet, before anything is sent.
//   - Redirects are followed here, not by net/http, because headers of the config go along only while scheme, host and
//     port stay the same. Unprotected is asked when one leads from https to http without a digest.
//   - On Azure, blobs are first asked for with the machine's identity, and then as any other URL; S3 and Google's
//     storage are asked with an identity if the machine has one. Libraries of these clouds give identities and
//     signatures only; the bytes come by the same connections as all others.
//   - Certificates are judged by the later of the machine's clock and the date of the build (Clock).
package fetch
