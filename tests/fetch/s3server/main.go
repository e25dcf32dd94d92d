// Command s3server is a store like Amazon's S3 with one bucket in memory, over TLS. It takes the address, certificate
// and key, the bucket, the region that it says the bucket is in, and a folder whose files are the objects.
package main

import (
	"bytes"
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

func main() {
	if len(os.Args) != 7 {
		log.Fatal("s3server ADDRESS CERTIFICATE KEY BUCKET REGION FOLDER")
	}
	address, certificate, key, bucket, region, folder := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5],
		os.Args[6]
	backend := s3mem.New()
	if err := fill(backend, bucket, folder); err != nil {
		log.Fatal(err)
	}
	names := gofakes3.WithHostBucketBase("s3.us-east-1.amazonaws.com", "s3.dualstack."+region+".amazonaws.com")
	store := gofakes3.New(backend, names).Server()
	log.Fatal(http.ListenAndServeTLS(address, certificate, key,
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Amz-Bucket-Region", region)
			log.Println(r.Method, r.Host, r.URL.RequestURI())
			store.ServeHTTP(w, r)
		})))
}

func fill(backend gofakes3.Backend, bucket, folder string) error {
	if err := backend.CreateBucket(bucket); err != nil {
		return err
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return err
		}
		if _, err := backend.PutObject(bucket, "files/"+f.Name(), nil, bytes.NewReader(content), int64(len(content)),
			nil); err != nil {
			return err
		}
	}
	return nil
}
