package source

import (
	"net/url"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// S3 is an object in Amazon's S3 or in a store like it.
type S3 struct {
	Bucket    string // the name of a bucket, or the ARN of an access point
	Key       string // without a slash at its start
	VersionID string // "" for the newest
	Region    string // set for access points only; where a bucket is must be asked
	Partition string // set for ARNs only: aws, aws-cn, ...
}

// ParseS3 reads an s3: URL or the ARN of an object (docs/peer/engine.md §6.3). It is stricter than Check: what it gives
// has a bucket and a key.
func ParseS3(raw string) (S3, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return S3{}, urlFault(raw, err)
	}
	object, fault := parseS3(raw, u)
	if fault != nil {
		return S3{}, fault
	}
	return object, nil
}

func parseS3(raw string, u *url.URL) (S3, *diag.Fault) {
	switch u.Scheme {
	case "s3":
		if fault := checkVersionID(raw, u); fault != nil {
			return S3{}, fault
		}
		object := S3{Bucket: u.Host, Key: strings.TrimLeft(u.Path, "/"), VersionID: u.Query().Get("versionId")}
		return object, object.check("s3://bucket/key")
	case "arn":
		if fault := checkARN(raw, u); fault != nil {
			return S3{}, fault
		}
		return parseARN(u)
	}
	return S3{}, &diag.Fault{Code: codes.S3Scheme, Message: "neither an s3: URL nor an ARN"}
}

// check tells what an object lacks.
func (o S3) check(form string) *diag.Fault {
	switch {
	case o.Bucket == "":
		return &diag.Fault{Code: codes.URLNoHost, Message: "the URL names no bucket", Hint: "write " + form, At: -1}
	case o.Key == "":
		return &diag.Fault{Code: codes.URLNoPath, Message: "the URL names no object in the bucket",
			Hint: "write " + form, At: -1}
	}
	return nil
}

const accessPoint = "accesspoint/"

// arnSections splits an ARN, without its query and as it is written, at its first five colons.
func arnSections(u *url.URL) []string {
	return strings.SplitN("arn:"+u.Opaque, ":", 6)
}

// checkARN counts slashes in the whole text as the peer does, so that `arn:a/b:s3:::bucket` passes.
func checkARN(raw string, u *url.URL) *diag.Fault {
	const form = "arn:PARTITION:s3:::BUCKET/KEY"
	sections := arnSections(u)
	switch {
	case len(sections) < 6:
		return &diag.Fault{Code: codes.ARNForm, Message: "an ARN has six parts with colons between them",
			Hint: "write " + form, At: -1}
	case sections[2] != "s3":
		return &diag.Fault{
			Code: codes.ARNService, Message: "the ARN is not one of the service s3", Hint: "write " + form,
			At: len("arn:") + len(sections[1]) + 1,
		}
	}
	slashes := strings.Count(u.Opaque, "/")
	switch {
	case strings.HasPrefix(sections[5], accessPoint) && slashes < 2:
		return &diag.Fault{Code: codes.ARNKey, Message: "the ARN of an access point names no object",
			Hint: "add /object/KEY", At: -1}
	case slashes < 1:
		return &diag.Fault{Code: codes.ARNKey, Message: "the ARN names a bucket and no object in it", Hint: "add /KEY",
			At: -1}
	}
	return checkVersionID(raw, u)
}

// parseARN reads an ARN that has passed checkARN.
func parseARN(u *url.URL) (S3, *diag.Fault) {
	sections := arnSections(u)
	object := S3{Partition: sections[1], VersionID: u.Query().Get("versionId")}
	name, isPoint := strings.CutPrefix(sections[5], accessPoint)
	if !isPoint {
		object.Bucket, object.Key, _ = strings.Cut(name, "/")
		return object, object.check("arn:PARTITION:s3:::BUCKET/KEY")
	}
	const form = "arn:PARTITION:s3:REGION:ACCOUNT:accesspoint/NAME/object/KEY"
	point, path, _ := strings.Cut(name, "/")
	key, isObject := strings.CutPrefix(path, "object/")
	if point == "" || key == "" || !isObject || sections[3] == "" {
		return S3{}, &diag.Fault{Code: codes.ARNAccessPoint,
			Message: "the ARN does not lead to an object of an access point", Hint: "write " + form, At: -1}
	}
	object.Bucket = strings.Join(sections[:5], ":") + ":" + accessPoint + point
	object.Key, object.Region = key, sections[3]
	return object, nil
}

// checkVersionID refuses a query that names a version and leaves it empty.
func checkVersionID(raw string, u *url.URL) *diag.Fault {
	const name = "versionId"
	if values, found := u.Query()[name]; found && values[0] == "" {
		return &diag.Fault{
			Code: codes.S3Version, Message: "versionId has no value",
			Hint: "give the version, or leave versionId out for the newest",
			At:   strings.Index(raw, name), // -1 where it is written with escapes
		}
	}
	return nil
}
