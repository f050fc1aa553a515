# Scale and aspect ratio, each in both directions; ladders of this project.
corruptions = [
    dict(type='Smaller'),
    dict(type='Larger'),
    dict(type='Narrower'),
    dict(type='Wider'),
]
