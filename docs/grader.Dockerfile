# What `gradcourse grade` needs, for machines without bubblewrap. Built and run by the commands that
# `gradcourse grade` prints there; see docs/instructor.md.
FROM python:3.13-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap util-linux \
 && rm -rf /var/lib/apt/lists/*
COPY . /gradcourse
RUN pip install --no-cache-dir -c /gradcourse/constraints.txt '/gradcourse[grading]'
ENTRYPOINT ["gradcourse"]
