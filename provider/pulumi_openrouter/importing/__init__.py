"""An organization that exists already, as a Pulumi program and a file for `pulumi import`."""
