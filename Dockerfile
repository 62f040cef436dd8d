# The command line as an image, for `run` in a pod: made from the npm package of a release, without a step that runs anything.
#
#   npm run release:make
#   docker build --tag bitbucket-runner-autoscaler:1.0.0-rc.1 release
#
# It needs no right to write but where the state is: run it with a read-only root file system.
FROM node:24.21.0-slim

# A tarball is unpacked by this: into /opt/package.
ADD bitbucket-runner-autoscaler-*.tgz /opt/

USER 1000:1000
WORKDIR /opt/package
ENTRYPOINT ["node", "/opt/package/bin.mjs"]
CMD ["--help"]
