// Package fetch_test has the program fetch from real servers: nginx, tftpd-hpa, tinyproxy, an S3 store. They run in a
// network namespace of the test's own, on the usual ports and under the names that production URLs have. The tests need
// root (make test-disk); what needs none is tested in internal/fetch.
package fetch_test
