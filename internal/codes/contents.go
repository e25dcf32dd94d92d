package codes

import "strings"

// The codes of what belongs to a source: compression, digest, headers, proxies.
const (
	CompressionUnknown  Code = "compression-unknown"
	CompressionS3       Code = "compression-s3"
	HashWithoutSource   Code = "hash-without-source"
	HashForm            Code = "hash-form"
	HashFunction        Code = "hash-function"
	HashFunctionVersion Code = "hash-function-version"
	HashLength          Code = "hash-length"
	HashDigits          Code = "hash-digits"
	HeadersScheme       Code = "headers-scheme"
	HeaderName          Code = "header-name"
	HeaderValue         Code = "header-value"
	HeaderCase          Code = "header-case"
	ProxyScheme         Code = "proxy-scheme"
	ProxyInsecure       Code = "proxy-insecure"

	ContentDigest        Code = "content-digest"
	ContentGzip          Code = "content-gzip"
	AuthorityCertificate Code = "authority-certificate"
)

// digest is the SHA-256 of "hello" and a line end.
const digest = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

// contents is a config with a file whose contents have more members than a source.
func contents(source, members, wrong, right string) *Pair {
	return file(contentsOf(source, members), wrong, right)
}

func contentsOf(source, members string) string {
	return "\n" + `  "path": "/etc/motd",` + "\n" + `  "contents": {"source": "` + source + `", ` + members + "}\n"
}

// hashed is a config with a file that has a digest.
func hashed(wrong, right string) *Pair {
	return contents("https://example.com/motd", "\n    "+`"verification": {"hash": "~~"}`, wrong, right)
}

func contentRows() []Row {
	return []Row{
		{
			Code: CompressionUnknown, Line: "there is no such compression", Do: "write `gzip`, or leave it out",
			Why: `Gzip is the only one. Where "compression" is missing, the bytes are written as they come,
				compressed or not.`,
		},
		{
			Code: CompressionS3, Kind: OurError, Line: "other engines do not decompress what they fetch from S3",
			Do: "store it uncompressed, or fetch it by https",
			Why: `Ignition writes the bytes of an S3 object as they come, whatever "compression" says. A machine that
				comes up with this engine would be another one.`,
		},
		{
			Code: HashWithoutSource, Line: "there is a digest and nothing that it is the digest of",
			Do:  "add the source, or remove the digest",
			Why: `A digest is held against what is fetched. Alone it verifies nothing, though it looks as if it did.`,
		},
		{
			Code: HashForm, Line: "a digest lacks its function", Do: "write `sha512-DIGEST`",
			Why: `The function stands before the digest, with a dash between them; "sha256sum FILE" prints the digest
				alone.`,
		},
		{
			Code: HashFunction, Line: "the hash function is not known", Do: "use `sha512` or `sha256`, in lower case",
			Why: `Others are too weak or too new. Functions are compared letter by letter.`,
		},
		{
			Code: HashFunctionVersion, Line: "the config's version does not have this hash function yet",
			Do:  "raise `ignition.version` to what the hint says",
			Why: `sha256 came with version 3.1.0; sha512 was there from the beginning.`,
		},
		{
			Code: HashLength, Line: "the digest has too few or too many digits for its function", Do: "copy it whole",
			Why: `A sha256 has 64 digits and a sha512 has 128. Nothing matches a digest that has lost one, so the
				boot would stop after everything was fetched.`,
		},
		{
			Code: HashDigits, Kind: OurError,
			Line: "the digest has a digit that is not hexadecimal, so nothing will match it", Do: "copy it again",
			Why: `Digits are 0 to 9 and a to f. Other engines find out when the file has been fetched and does not
				match.`,
		},
		{
			Code: ContentDigest, Kind: OurError, Line: "content that is at hand has another digest",
			Do: "write the digest of what is there, or remove it",
			Why: `What stands in the config itself, and files that --map names, can be compared before any machine is.
				A digest is that of the content unpacked. Ignition finds out when it writes the file, and stops.`,
		},
		{
			Code: ContentGzip, Kind: OurError,
			Line: "content that is at hand is to be unpacked, and is no gzip, or one that is cut off",
			Do:   "pack it, or remove the compression",
			Why: `"compression" says how the content is packed where it comes from, and not how it is to be stored.
				Ignition finds out when it writes the file, and stops.`,
		},
		{
			Code: AuthorityCertificate, Kind: OurError,
			Line: "a bundle of authorities that is at hand holds no certificate", Do: "write certificates in PEM",
			Why: `Certificates stand between BEGIN CERTIFICATE and END CERTIFICATE, and nothing may follow the last. With
				a bundle that cannot be read nothing can be fetched, so a boot stops at once.`,
		},
		{
			Code: HeadersScheme, Line: "headers stand beside a source that is not fetched by http or https",
			Do:  "remove them",
			Why: `Other schemes have no headers, so nobody would get these.`,
		},
		{
			Code: HeaderName, Also: []Kind{OurError}, Line: "a header has no name, or one that no request can have",
			Do: "write the name without a colon, and what follows it as the value",
			Why: `A request has no place for a value without a name, and the name is a word of letters, digits and
				dashes. A whole header in the place of the name, as "Authorization: Bearer …", is never sent; what stands
				behind the colon is not shown. Ignition takes such names, and fails when it fetches.`,
		},
		{
			Code: HeaderValue, Also: []Kind{OurError}, Line: "the value of a header is empty, or is more than a line",
			Do: "leave the value out to remove an inherited header; write it in one line",
			Why: `A header without "value" takes away what another config, or the engine itself, would send. An empty
				value is neither that nor a header that servers agree upon.`,
		},
		{
			Code: HeaderCase, Kind: OurWarning,
			Line: "two headers are the same but for capitals; the later value is sent",
			Do:   "keep one", Why: `Names of headers have no case (RFC 9110), so the two are one to the server.`,
		},
		{
			Code: ProxyScheme, Line: "the URL of a proxy is empty or of another scheme than http and https",
			Do: "write `http://host:port`",
			Why: `Requests go to the proxy itself by http or https. To use none, leave the key out; hosts that are
				asked without the proxy are in "noProxy".`,
		},
		{
			Code: ProxyInsecure, Kind: Warning, Line: "the proxy for https is itself reached by http",
			Do: "use an https proxy if there is one",
			Why: `What is fetched stays encrypted on the way, but anybody between the machine and the proxy can see
				which hosts it asks, and the password of the proxy.`,
		},
	}
}

// contentPairs are the examples of these rows.
func contentPairs() map[Code]*Pair {
	return map[Code]*Pair{
		CompressionUnknown: contents("https://example.com/motd.xz", `"compression": "~~"`, "xz", "gzip"),
		CompressionS3: contents(
			"~~", `"compression": "gzip"`, "s3://bucket/motd.gz", "https://example.com/motd.gz"),
		HashWithoutSource: file(
			`"path": "/etc/motd", "contents": {~~"verification": {"hash": "sha256-`+digest+`"}}`, "",
			`"source": "https://example.com/motd", `),
		HashForm:     hashed(digest, "sha256-"+digest),
		HashFunction: hashed("md5-b1946ac92492d2347c6235b4d2611184", "sha256-"+digest),
		HashFunctionVersion: old("~~", `"storage": {"files": [{`+
			contentsOf("https://example.com/motd", "\n    "+`"verification": {"hash": "sha256-`+digest+`"}`)+`}]}`,
			"3.0.0", "3.1.0"),
		HashLength: hashed("sha256-"+digest[:63], "sha256-"+digest),
		HashDigits: hashed("sha256-"+digest[:63]+"g", "sha256-"+digest),
		ContentDigest: contents(
			"data:,hello%0A", "\n    "+`"verification": {"hash": "sha256-~~"}`, strings.Repeat("0", 64),
			digest),
		ContentGzip: contents("data:,hello", "~~", `"compression": "gzip"`, `"compression": ""`),
		AuthorityCertificate: ignition(
			`"security": {"tls": {"certificateAuthorities": [{"source": "~~"}]}}`, "data:,ca.pem",
			"https://example.com/ca.pem"),
		HeadersScheme: contents("~~://example.com/motd", `"httpHeaders": [{"name": "X-Role", "value": "web"}]`,
			"tftp", "https"),
		HeaderName: contents(
			"https://example.com/motd", `"httpHeaders": [{"name": "~~", "value": "web"}]`, "", "X-Role"),
		HeaderValue: contents("https://example.com/motd", `"httpHeaders": [{"name": "X-Role"~~}]`, `, "value": ""`, ""),
		HeaderCase: contents("https://example.com/motd", `"httpHeaders": [
    {"name": "X-Role", "value": "web"}, {"name": "~~", "value": "db"}]`, "x-role", "X-Site"),
		ProxyScheme:   ignition(`"proxy": {"httpProxy": "~~"}`, "socks5://proxy:1080", "http://proxy:3128"),
		ProxyInsecure: ignition(`"proxy": {"httpsProxy": "~~"}`, "http://proxy:3128", "https://proxy:3128"),
	}
}
