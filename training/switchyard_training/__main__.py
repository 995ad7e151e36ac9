from switchyard_training.cli import main

main()
