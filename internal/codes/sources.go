package codes

// The codes of where something is fetched from.
const (
	SourceMissing     Code = "source-missing"
	ReplaceDrops      Code = "replace-drops"
	ReferenceFailed   Code = "reference-failed"
	URLNoScheme       Code = "url-no-scheme"
	URLScheme         Code = "url-scheme"
	URLSchemeVersion  Code = "url-scheme-version"
	URLControl        Code = "url-control"
	URLEscape         Code = "url-escape"
	URLHost           Code = "url-host"
	URLPort           Code = "url-port"
	URLUserinfo       Code = "url-userinfo"
	URLTFTPControl    Code = "url-tftp-control"
	URLNoHost         Code = "url-no-host"
	URLNoPath         Code = "url-no-path"
	S3Version         Code = "s3-version"
	S3Scheme          Code = "s3-scheme"
	ARNForm           Code = "arn-form"
	ARNService        Code = "arn-service"
	ARNKey            Code = "arn-key"
	ARNAccessPoint    Code = "arn-access-point"
	DataPrefix        Code = "data-prefix"
	DataType          Code = "data-type"
	DataParameter     Code = "data-parameter"
	DataComma         Code = "data-comma"
	DataByte          Code = "data-byte"
	DataEscape        Code = "data-escape"
	DataBase64        Code = "data-base64"
	DataBase64Padding Code = "data-base64-padding"
)

func sourceRows() []Row {
	return []Row{
		{
			Code: SourceMissing, Line: "a config to merge or a certificate bundle has no source",
			Do: "add it, or remove the entry",
			Why: `An entry that names nothing to fetch is nothing. What Ignition 3.0.0 makes of it is a failed boot.
				A config in its own text goes into a data: URL; in Butane, into "inline" or "local".`,
		},
		{
			Code: ReplaceDrops, Kind: OurWarning, Line: "a config is replaced by another one, and says more than that",
			Do: "name the other one below `merge`, to have both; or remove the rest",
			Why: `The config that replace names takes the place of this one, with all that this one says. Only how to
				fetch it counts: proxies, certificates and time limits. One that is merged is put over this one.`,
		},
		{
			Code: ReferenceFailed,
			Line: "a config to merge is empty, not what its digest says, refers to itself, or is not where --map " +
				"says",
			Do: "let the reference name a config, or leave it out; map only URLs for which there are files",
			Why: `What stands in the config itself, and files that --map names, are read and merged as a boot does it.
				Ignition refuses an empty config where another refers to it, and follows a circle without end.`,
		},
		{
			Code: URLNoScheme, Line: "the source is not a whole URL", Do: "start it with `https://` or another scheme",
			Why: `A path alone names no file that an initramfs could have: the root is not there yet, and the host
				that the config was written on is another one. Butane takes local files as "local".`,
		},
		{
			Code: URLScheme, Line: "a source cannot have this scheme",
			Do: "serve the content over http, https, tftp, S3 or GCS, or write it into a `data:` URL",
			Why: `The initramfs has no client for others, and file:, oem: and the like name places that are not there
				when the files are written.`,
		},
		{
			Code: URLSchemeVersion, Line: "the config's version does not have this scheme yet",
			Do: "raise `ignition.version` to what the hint says",
			Why: `gs came with version 3.2.0, arn with 3.4.0. An engine that goes by the older version refuses the
				config, so it is refused here too.`,
		},
		{
			Code: URLControl, Line: "a URL has a control byte, often the line break at its end",
			Do:  "take it out, or escape it",
			Why: `A request is made of lines, and no program sends a URL with a line end in it.`,
		},
		{
			Code: URLEscape, Line: "a `%` in a URL is no escape", Do: "write `%` itself as `%25`",
			Why: `After a % come two hexadecimal digits of the byte that is meant.`,
		},
		{
			Code: URLHost, Line: "what stands in the place of the host cannot be one",
			Do: "correct it; IPv6 addresses stand in brackets",
			Why: `The host is what stands between the two slashes and the next one. A slash too few or a blank makes
				something else of it.`,
		},
		{
			Code: URLPort, Line: "the port is not a number", Do: "write `host:port`",
			Why: `What follows a colon behind the host is a port. An IPv6 address has colons of its own and stands in
				brackets: https://[2001:db8::1]:8080/.`,
		},
		{
			Code: URLUserinfo, Line: "user or password before the `@` have bytes that must be escaped",
			Do: "escape them",
			Why: `A password with ^, <, a blank or the like ends the part in which it can stand; write such a byte as
				% and two hexadecimal digits.`,
		},
		{
			Code: URLTFTPControl, Kind: OurError, Line: "the file that a `tftp:` URL names has a control character",
			Do: "name the file as the server does",
			Why: `A request of TFTP ends the name of the file with a NUL byte, so that one in the name, as %00, would
				turn what follows into another field of the request.`,
		},
		{
			Code: URLNoHost, Kind: OurError, Line: "the URL names no host or bucket", Do: "add it",
			Why: `A third slash too early leaves the host empty. Other engines find out when the machine boots.`,
		},
		{
			Code: URLNoPath, Kind: OurError, Line: "the URL names no file or object", Do: "add it",
			Why: `A bucket or a TFTP server has no front page that could be fetched; what is meant is an object in
				it.`,
		},
		{
			Code: S3Version, Line: "`versionId` is there and empty", Do: "give the version, or remove it",
			Why: `Without versionId the newest version of the object is fetched; an empty one names none.`,
		},
		{
			Code: S3Scheme, Line: "what is fetched from S3 is neither an `s3:` URL nor an ARN",
			Do: "write one of the two",
			Why: `This is said when something is fetched, not when a config is checked: a check refuses such a source
				for its scheme.`,
		},
		{
			Code: ARNForm, Line: "an ARN has fewer than six parts", Do: "write `arn:PARTITION:s3:::BUCKET/KEY`",
			Why: `The parts stand between colons, and those that are empty have their colons too.`,
		},
		{
			Code: ARNService, Line: "an ARN is of another service than S3", Do: "write `s3` as its third part",
			Why: `Objects are fetched from S3 only. The third part of an ARN names the service.`,
		},
		{
			Code: ARNKey, Line: "an ARN names a bucket or an access point and nothing in it", Do: "add the key",
			Why: `A bucket is no file. The key follows the name of the bucket after a slash.`,
		},
		{
			Code: ARNAccessPoint, Kind: OurError, Line: "an ARN does not lead to an object of an access point",
			Do: "write `accesspoint/NAME/object/KEY` and the region",
			Why: `The requests to an access point go to a host whose name has the account and the region in it, so
				the ARN has to have both.`,
		},
		{
			Code: DataPrefix, Line: "the scheme `data` is not in lower case", Do: "write `data:`",
			Why: `Other engines compare this scheme letter by letter, unlike the others.`,
		},
		{
			Code: DataType, Line: "the media type of a `data:` URL is malformed or not known",
			Do: "write one like `text/plain`, or none",
			Why: `The type says nothing about a file, but other engines read it: it is text/plain, image/png or
				another type that is registered, or it is left out.`,
		},
		{
			Code: DataParameter, Line: "a parameter of a `data:` URL is malformed",
			Do: "write `;name=value`, or `;base64` right before the comma",
			Why: `Parameters stand between the type and the comma, and base64, which has no value, is the last of
				them.`,
		},
		{
			Code: DataComma, Line: "a `data:` URL has no comma", Do: "put one before the content",
			Why: `The content begins after the first comma. An empty file is "data:,".`,
		},
		{
			Code: DataByte, Line: "a `data:` URL has a byte that must be escaped", Do: "escape it, or use `;base64`",
			Why: `Blanks, quotes, letters beyond ASCII and the like are written as % and two hexadecimal digits, or
				all of the content as base64: "base64 -w0 FILE" prints it.`,
		},
		{
			Code: DataEscape, Line: "a `%` in a `data:` URL is no escape", Do: "write `%` itself as `%25`",
			Why: `After a % come two hexadecimal digits of the byte that is meant.`,
		},
		{
			Code: DataBase64, Line: "a base64 payload has a byte that is not base64",
			Do: "encode with the standard alphabet, in one line",
			Why: `The alphabet is the one with + and /, not the one for URLs with - and _. Line ends and blanks do
				not belong in a URL: "base64 -w0" prints one line.`,
		},
		{
			Code: DataBase64Padding, Line: "the length of a base64 payload is not a multiple of 4",
			Do: "pad it with `=`; it may also be cut off",
			Why: `Four characters stand for three bytes. Where characters are missing without a =, the end may be
				lost.`,
		},
	}
}

// sourcePairs are the examples of these rows.
func sourcePairs() map[Code]*Pair {
	return map[Code]*Pair{
		SourceMissing: ignition(`"config": {"merge": [{~~}]}`, "", `"source": "https://example.com/base.ign"`),
		ReplaceDrops: ignition(`"config": {"replace": {"source": "https://example.com/a.ign"~~`,
			`}, "merge": [{"source": "https://example.com/b.ign"}]}`, `}}`),
		ReferenceFailed: ignition(`"config": {"merge": [{"source": "data:,~~"}]}`, "",
			"%7B%22ignition%22%3A%7B%22version%22%3A%223.6.0%22%7D%7D").by(ByWhole),
		URLNoScheme: from("example.com/motd", "https://example.com/motd"),
		URLScheme:   from("ftp://example.com/motd", "https://example.com/motd"),
		URLSchemeVersion: old(
			"~~", `"storage": {"files": [{"path": "/etc/motd", "contents": {"source": "gs://bucket/motd"}}]}`,
			"3.1.0", "3.2.0"),
		URLControl:     from(`https://example.com/motd\n`, "https://example.com/motd"),
		URLEscape:      from("https://example.com/100%", "https://example.com/100%25"),
		URLHost:        from("https://my host/motd", "https://myhost/motd"),
		URLPort:        from("https://example.com:http/motd", "https://example.com:80/motd"),
		URLUserinfo:    from("https://me:a^b@example.com/motd", "https://me:a%5Eb@example.com/motd"),
		URLTFTPControl: from("tftp://example.com/a%00octet", "tftp://example.com/a"),
		URLNoHost:      from("https:///motd", "https://example.com/motd"),
		URLNoPath:      from("s3://bucket", "s3://bucket/motd"),
		S3Version:      from("s3://bucket/motd?versionId=", "s3://bucket/motd"),
		S3Scheme:       from("s4://bucket/motd", "s3://bucket/motd").by(ByFetch),
		ARNForm:        from("arn:aws:s3:bucket/motd", "arn:aws:s3:::bucket/motd"),
		ARNService:     from("arn:aws:ec2:::bucket/motd", "arn:aws:s3:::bucket/motd"),
		ARNKey:         from("arn:aws:s3:::bucket", "arn:aws:s3:::bucket/motd"),
		ARNAccessPoint: from("arn:aws:s3::123456789012:accesspoint/web/object/motd",
			"arn:aws:s3:us-west-2:123456789012:accesspoint/web/object/motd"),
		DataPrefix:        from("DATA:,hello", "data:,hello"),
		DataType:          from("data:text,hello", "data:text/plain,hello"),
		DataParameter:     from("data:;base64;charset=utf-8,aGVsbG8=", "data:;charset=utf-8;base64,aGVsbG8="),
		DataComma:         from("data:", "data:,"),
		DataByte:          from("data:,hello world", "data:,hello%20world"),
		DataEscape:        from("data:,100%", "data:,100%25"),
		DataBase64:        from("data:;base64,_-8=", "data:;base64,/+8="),
		DataBase64Padding: from("data:;base64,aGVsbG8", "data:;base64,aGVsbG8="),
	}
}
