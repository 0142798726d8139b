"""What staff do with an enrollment: enroll, change, treat, end, hold, resume, import."""
