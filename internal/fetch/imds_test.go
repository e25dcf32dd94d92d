package fetch

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// metadataAnswers are those of a metadata service, to "PUT /latest/api/token" and the like.
type metadataAnswers map[string][]http.HandlerFunc

// needs answers only who has a token.
func needs(token, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Aws-Ec2-Metadata-Token") != token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, text)
	}
}

// imdsWith is a service that gives its answers to a request in turn, and the last one from then on.
func imdsWith(t *testing.T, answers metadataAnswers) (i *imds, asked map[string]int) {
	asked = map[string]int{}
	c, _ := quiet()
	i = c.newIMDS(serve(t, func(w http.ResponseWriter, r *http.Request) {
		request := r.Method + " " + r.URL.Path
		all := answers[request]
		if len(all) == 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		n := min(asked[request], len(all)-1)
		asked[request]++
		all[n](w, r)
	}).URL)
	i.pause = func(time.Duration) time.Duration { return 0 }
	return i, asked
}

const (
	askToken  = "PUT /latest/api/token"
	askRegion = "GET /latest/dynamic/instance-identity/document"
	askRoles  = "GET /latest/meta-data/iam/security-credentials/"
)

func TestTheRegionOfAnInstance(t *testing.T) {
	t.Parallel()
	here := `{"region": "eu-west-1"}`
	for claim, test := range map[string]struct {
		answers metadataAnswers
		err     string
	}{
		"with a token": {metadataAnswers{askToken: {status(200, "t")}, askRegion: {needs("t", here)}}, ""},
		"without one, where there are none": {metadataAnswers{askToken: {status(404, "")},
			askRegion: {needs("", here)}}, ""},
		"nor where they are forbidden": {metadataAnswers{askToken: {status(403, "")}, askRegion: {needs("", here)}},
			""},
		"with a new one, once it has ended": {metadataAnswers{askToken: {status(200, "t"), status(200, "u")},
			askRegion: {needs("u", here)}}, ""},
		"from a service that was busy": {metadataAnswers{askToken: {status(200, "t")},
			askRegion: {status(503, ""), status(429, ""), needs("t", here)}}, ""},
		"not from one that stays busy": {metadataAnswers{askToken: {status(200, "t")}, askRegion: {status(503, "")}},
			"the server answered 503 Service Unavailable"},
		"not from one that refuses the token": {metadataAnswers{askToken: {status(200, "t")},
			askRegion: {status(401, "")}}, "the server answered 401 Unauthorized"},
		"not from one that has none": {metadataAnswers{askToken: {status(200, "t")}},
			"the server answered 404 Not Found"},
		"not if it is not named": {metadataAnswers{askRegion: {status(200, "{}")}},
			"the instance's document names none"},
		"not from what is no JSON": {metadataAnswers{askRegion: {status(200, "x")}}, "invalid character"},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			i, asked := imdsWith(t, test.answers)
			region, err := i.region(t.Context())
			assert.LessOrEqual(t, asked[askRegion], imdsTries)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "eu-west-1", region)
		})
	}
}

func TestTheKeysOfARoleAreAskedForAgainWhenTheyEnd(t *testing.T) {
	t.Parallel()
	ends := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	keys := fmt.Sprintf(`{"Code": "Success", "AccessKeyId": "a", "SecretAccessKey": "secret", "Token": "s", `+
		`"Expiration": %q}`, ends.Format(time.RFC3339))
	i, asked := imdsWith(t,
		metadataAnswers{askRoles: {status(200, "web\nother")}, askRoles + "web": {status(200, keys)}})
	for range 2 {
		got, err := i.keys(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "secret", "s"}, []string{got.AccessKeyID, got.SecretAccessKey, got.SessionToken})
		assert.Equal(t, ends, got.Expires)
	}
	assert.Equal(t, 1, asked[askRoles+"web"])
	i.now = func() time.Time { return ends }
	_, err := i.keys(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, asked[askRoles+"web"])
}

func TestAServiceThatIsThereAndGivesNoKeys(t *testing.T) {
	t.Parallel()
	for claim, answers := range map[string]metadataAnswers{
		"knows of no role": {},
		"names none":       {askRoles: {status(200, "")}},
		"fails to get keys": {askRoles: {status(200, "web")},
			askRoles + "web": {status(200, `{"Code": "Failed\u001b", "SecretAccessKey": "secret"}`)}},
		"leaves keys out": {askRoles: {status(200, "web")},
			askRoles + "web": {status(200, `{"Code": "Success", "AccessKeyId": "a"}`)}},
		"speaks another dialect": {askRoles: {status(200, "web")}, askRoles + "web": {status(200, `secret`)}},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			i, _ := imdsWith(t, answers)
			_, err := i.keys(t.Context())
			require.Error(t, err)
			assert.Contains(t, []Kind{KindStatus, KindContent}, KindOf(err), err)
			assert.NotContains(t, err.Error(), "secret")
			assert.NotContains(t, err.Error(), "\x1b")
		})
	}
	c, _ := quiet()
	i := c.newIMDS("http://127.0.0.1:1")
	i.pause = func(time.Duration) time.Duration { return 0 }
	_, err := i.keys(t.Context())
	assert.Equal(t, KindConnection, KindOf(err), "nobody is there: the service may be at its other address")
}
