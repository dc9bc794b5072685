//! Objects behind a URL: in a bucket that speaks S3, or in a folder.
